"""What the sandbox's own ``/sandbox/`` interface may be asked; anything else is a 400 that says why."""

from enum import StrEnum
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateways.sandbox.apps import PushMode

Shape = TypeVar("Shape", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Strict):
    """A person; naming one that exists updates it. The same ``user`` has the same openids after a restart."""

    user: str | None = Field(default=None, pattern=r"^[0-9A-Za-z_-]{1,64}$")
    nickname: str = "微信用户"
    phone: str | None = Field(default=None, pattern=r"^[0-9]{5,17}$")
    blocked: bool = False


class AtApp(_Strict):
    """Something a person does at one app."""

    appid: str


class ApiSecurity(AtApp):
    """Switching the signed, encrypted interfaces on for an app, by its public key (RSA, PEM)."""

    public_key: str = Field(max_length=4000)


class PhoneCode(AtApp):
    """Pressing getPhoneNumber; the number is the person's own unless another is given."""

    phone: str | None = Field(default=None, pattern=r"^[0-9]{5,17}$")
    country_code: str | int = 86


class Subscribe(AtApp):
    """Answering wx.requestSubscribeMessage: up to five templates at once."""

    template_ids: list[str] = Field(min_length=1, max_length=5)
    accept: bool = True


class RefuseMessages(AtApp):
    """Switching templates off in WeChat's settings."""

    template_ids: list[str] = Field(min_length=1)


class Follow(AtApp):
    """Following an account, maybe by scanning a QR code with a scene."""

    scene: str | None = None


class Scan(AtApp):
    """Scanning a QR code of an account one follows already."""

    scene: str


class Click(AtApp):
    """Pressing a menu button."""

    key: str


class Say(AtApp):
    """Writing a text into the chat."""

    text: str
    mode: PushMode | None = None


class SendLocation(AtApp):
    """Sending one's place into the chat; degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: str = ""


class RiskyWords(_Strict):
    """What the content checks object to."""

    words: list[str]


class AccountState(AtApp):
    """What an administrator changed in the console; ``allowed_ips`` None: any address may call."""

    frozen: bool = False
    allowed_ips: list[str] | None = None


class Defect(StrEnum):
    """What is wrong with a push."""

    BAD_SIGNATURE = "bad_signature"
    NO_SIGNATURE = "no_signature"
    STALE = "stale"  # signed an hour ago
    WRONG_APPID = "wrong_appid"  # encrypted for another account
    OLD_KEY = "old_key"  # encrypted with the previous EncodingAESKey: not wrong while keys change
    FOREIGN_KEY = "foreign_key"  # encrypted with a key nobody knows


class Push(AtApp):
    """Any pushes: fields as on the wire (MsgType, Event, Content ...); the sandbox adds who, when and MsgId.

    ``raw`` sends a text in place of a message. ``copies`` repeats each message with its MsgId and CreateTime.
    """

    user: str
    messages: list[dict[str, str]] = Field(default_factory=list)
    raw: str | None = None
    mode: PushMode | None = None
    defect: Defect | None = None
    copies: int = Field(default=1, ge=1, le=20)
    order: Literal["in_order", "reversed", "at_once"] = "in_order"


async def parsed(request: web.Request, shape: type[Shape]) -> Shape:
    """Read a body of this shape; raise 400 with every mistake in it."""
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except ValidationError as mistakes:
        text = mistakes.json(include_url=False, include_input=False)
        raise web.HTTPBadRequest(text=text, content_type="application/json") from None
