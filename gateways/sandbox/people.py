"""The people who hold the phones: who they are at each app, the codes their phone minted, what they received."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateways.sandbox.answers import WireError
from gateways.sandbox.apps import AppBook, SandboxApp

CODE_LIFE = timedelta(minutes=5)


class CodeFamily(StrEnum):
    """wx.login codes and getPhoneNumber codes don't stand in for each other."""

    LOGIN = "login"
    PHONE = "phone"


@dataclass
class Code:
    """One minted code and what it opens."""

    appid: str
    user: str
    good_until: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    used: bool = False


@dataclass
class Person:
    """One WeChat user. ``blocked`` is WeChat's own risk verdict (40226), ``blocks`` the accounts switched silent.

    ``timeline``: what was said and what came, in order, for the page that shows the phone.
    """

    user: str
    nickname: str
    phone: str | None = None
    blocked: bool = False
    follows: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    received: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)


class People:
    """Everybody, their openids and codes."""

    def __init__(self, clock: Callable[[], datetime], apps: AppBook) -> None:
        self._clock = clock
        self._apps = apps
        self._people: dict[str, Person] = {}
        self._by_openid: dict[tuple[str, str], Person] = {}
        self._codes: dict[tuple[CodeFamily, str], Code] = {}

    def add(self, user: str | None, nickname: str, phone: str | None) -> Person:
        """Make a person, or update the one of this name: after a restart the same name has the same openids."""
        name = user or secrets.token_hex(8)
        person = self._people.setdefault(name, Person(name, nickname))
        person.nickname, person.phone = nickname, phone or person.phone
        for app in self._apps:
            self._by_openid[app.appid, app.openid_of(name)] = person
        return person

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def find(self, user: str) -> Person | None:
        """Return the person of this name or None."""
        return self._people.get(user)

    def of_openid(self, app: SandboxApp, openid: Any) -> Person:
        """Return who an openid is at this app; raise 40003."""
        person = self._by_openid.get((app.appid, openid)) if isinstance(openid, str) else None
        if person is None:
            raise WireError(40003)
        return person

    def mint(self, family: CodeFamily, app: SandboxApp, person: Person, **facts: Any) -> str:
        """Make a code: one use, five minutes."""
        code = "0" + secrets.token_hex(31)[:31] if family is CodeFamily.LOGIN else secrets.token_hex(32)
        self._codes[family, code] = Code(app.appid, person.user, self._clock() + CODE_LIFE, facts)
        return code

    def redeem(self, family: CodeFamily, app: SandboxApp, text: str) -> tuple[Person, Code]:
        """Use a code up; raise 40029 (unknown, another app's, too old), 40163 (used), 40226 (blocked)."""
        code = self._codes.get((family, text))
        if code is None or code.appid != app.appid or self._clock() >= code.good_until:
            raise WireError(40029)
        if code.used:
            raise WireError(40163)
        code.used = True
        person = self._people[code.user]
        if person.blocked:
            raise WireError(40226)
        return person, code

    def redeem_phone(self, app: SandboxApp, text: Any) -> tuple[Person, Code]:
        """Use a getPhoneNumber code up; this family answers 40029 to a used one too."""
        try:
            return self.redeem(CodeFamily.PHONE, app, text if isinstance(text, str) else "")
        except WireError as error:
            raise WireError(40029 if error.errcode == 40163 else error.errcode) from None

    def receive(self, person: Person, app: SandboxApp, kind: str, **message: Any) -> None:
        """Put a message on the person's phone."""
        received_at = self._clock().isoformat()
        person.received.append({"kind": kind, "appid": app.appid, "received_at": received_at, **message})
        person.timeline.append({"kind": kind, "appid": app.appid, "text": message.get("text") or ""})

    def tell(self, person: Person, app: SandboxApp, fields: Mapping[str, str]) -> None:
        """Note on the person's phone what they said or did there."""
        text = fields.get("Content") or fields.get("EventKey") or fields.get("Label") or ""
        if fields.get("MsgType") == "location":
            text = f"〔位置〕{text}"
        person.timeline.append({"kind": "said", "appid": app.appid, "event": fields.get("Event"), "text": text})
