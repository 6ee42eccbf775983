"""A push as the dialogue sees it: who, what, when, and by which key a repetition is known."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from bot.envelope import MALFORMED
from bot.wechat_events import CANCELLED, CHANGE, POPUP, REVOKED, SENT, read_message, rows_of
from domain.refusal import Refusal

_OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LONGEST_TEXT: Final = 4096  # characters; WeChat's own chat takes 2048 bytes
_LATEST: Final = 253_402_300_799  # the last second of the year 9999


class Sort(StrEnum):
    """What kind of push it is, as far as we answer it."""

    TEXT = "text"
    LOCATION = "location"
    OTHER_MESSAGE = "other_message"  # a picture, a voice …
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    SCANNED = "scanned"
    CLICKED = "clicked"
    AGREED = "agreed"  # the answer to a question whether messages may be sent
    SWITCHED = "switched"  # messages switched on or off in the settings
    ARRIVED = "arrived"  # what became of a subscription message
    TEMPLATE_DONE = "template_done"
    REVOKED = "revoked"  # the person takes back what the mini-program may know
    NOTHING = "nothing"  # an event that asks for nothing


_EVENTS: Final = {
    "subscribe": Sort.FOLLOWED,
    "subscribe_scan": Sort.FOLLOWED,
    "unsubscribe": Sort.UNFOLLOWED,
    "scan": Sort.SCANNED,
    "click": Sort.CLICKED,
    "templatesendjobfinish": Sort.TEMPLATE_DONE,
    POPUP: Sort.AGREED,
    CHANGE: Sort.SWITCHED,
    SENT: Sort.ARRIVED,
    REVOKED: Sort.REVOKED,
    CANCELLED: Sort.REVOKED,
}
_MESSAGES: Final = {
    "text": Sort.TEXT,
    "location": Sort.LOCATION,
    **dict.fromkeys(("image", "voice", "video", "shortvideo", "link", "miniprogrampage"), Sort.OTHER_MESSAGE),
}
MESSAGES: Final = frozenset(_MESSAGES.values())
_ROWS: Final = {Sort.AGREED: POPUP, Sort.SWITCHED: CHANGE, Sort.ARRIVED: SENT}


@dataclass(frozen=True)
class Push:
    """One push. ``text`` is what was typed, the key of the menu button, or the scene of a code.

    ``at`` is WeChat's own time, whole seconds. ``dedupe_key`` holds no personal data. ``facts`` are those of its sort.
    """

    appid: str
    sort: Sort
    openid: str
    account: str
    text: str
    dedupe_key: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The push as JSON values, to be answered later."""
        return {**asdict(self), "at": self.at.isoformat()}


def push_from_json(told: Mapping[str, Any]) -> Push:
    """A push that was kept to be answered later."""
    return Push(**{**told, "sort": Sort(told["sort"]), "at": datetime.fromisoformat(told["at"])})


def read_push(appid: str, body: str) -> Push:
    """Read a push that was proven. Raises Refusal ``push_malformed`` for whatever is not as WeChat writes it."""
    try:
        message = read_message(body)
        event, sort = _event(message), _sort(message)
        openid, account, number = message.source, message.target, message.id
        at = _moment(message.time)
        key = getattr(message, "key", None) or getattr(message, "scene_id", None) or ""
        text = (getattr(message, "content", None) or "") if sort is Sort.TEXT else key
        facts = _facts(sort, message, appid)
        told = orjson.dumps([openid, int(at.timestamp()), event, key, facts]) if event or not number else b""
    except MALFORMED:
        raise Refusal("push_malformed") from None
    if not (_is_id(openid) and _is_id(account) and type(number) is int and type(text) is str):
        raise Refusal("push_malformed")
    dedupe_key = f"{appid}:event:{hashlib.sha256(told).hexdigest()}" if told else f"{appid}:message:{number}"
    return Push(appid, sort, openid, account, text[:_LONGEST_TEXT], dedupe_key, at, facts)


def _event(message: Any) -> str:
    """The event's name as wechatpy has it, or as it came where wechatpy does not know it; empty for a message."""
    if message.type != "event":
        return ""
    return str(getattr(message, "event", "") or _fields(message).get("Event", ""))


def _sort(message: Any) -> Sort:
    if message.type == "event":
        return _EVENTS.get(getattr(message, "event", "").lower(), Sort.NOTHING)
    return _MESSAGES.get(message.type, Sort.NOTHING)


def _facts(sort: Sort, message: Any, appid: str) -> dict[str, Any]:
    fields = _fields(message)
    if sort in _ROWS:
        return {"rows": rows_of(_ROWS[sort], fields)}
    if sort is Sort.TEMPLATE_DONE:
        return {"msgid": str(fields["MsgID"]), "status": str(fields["Status"])}
    if sort is Sort.LOCATION:
        return {"latitude": _degrees(message.location_x, 90), "longitude": _degrees(message.location_y, 180)}
    if sort is Sort.REVOKED:
        if fields.get("AppID", appid) != appid or not _is_id(fields.get("OpenID", message.source)):
            raise ValueError("another account's")
        return {"openid": fields.get("OpenID", message.source)}
    return {}


def _fields(message: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = message._data  # noqa: SLF001 — where wechatpy keeps what it has no name for
    return fields


def _moment(seconds: object) -> datetime:
    if type(seconds) is not int or not 0 <= seconds <= _LATEST:
        raise ValueError("not a time of WeChat's")
    return datetime.fromtimestamp(seconds, tz=UTC)


def _degrees(told: object, most: int) -> float:
    value = float(str(told))
    if not math.isfinite(value) or abs(value) > most:
        raise ValueError("not a place on earth")
    return value


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _OPENID.fullmatch(value) is not None
