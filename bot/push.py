"""A push as the dialogue sees it: who, what, and by which key a repetition is known."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from wechatpy import parse_message

from bot.envelope import MALFORMED
from domain.refusal import Refusal

_OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LONGEST_TEXT: Final = 4096  # characters; WeChat's own chat takes 2048 bytes


class Sort(StrEnum):
    """What kind of push it is, as far as we answer it."""

    TEXT = "text"
    OTHER_MESSAGE = "other_message"  # a picture, a voice, a place …
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    SCANNED = "scanned"
    CLICKED = "clicked"
    NOTHING = "nothing"  # an event that asks for nothing


_EVENTS: Final = {
    "subscribe": Sort.FOLLOWED,
    "subscribe_scan": Sort.FOLLOWED,
    "unsubscribe": Sort.UNFOLLOWED,
    "scan": Sort.SCANNED,
    "click": Sort.CLICKED,
}
_MESSAGES: Final = frozenset({"image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage"})


@dataclass(frozen=True)
class Push:
    """One push. ``text`` is what was typed, or the key of the menu button; ``dedupe_key`` holds no personal data."""

    sort: Sort
    openid: str
    account: str
    text: str
    dedupe_key: str


def read_push(appid: str, xml: str) -> Push:
    """Read a push that was proven. Raises Refusal ``push_malformed`` for whatever is not as WeChat writes it."""
    try:
        message = parse_message(xml)
        sort, at, number = _sort(message), message.time, message.id
        openid, account = message.source, message.target
        key = getattr(message, "key", None) or getattr(message, "scene_id", None) or ""
        text = (getattr(message, "content", None) or "") if sort is Sort.TEXT else key
    except MALFORMED:
        raise Refusal("push_malformed") from None
    if not (_is_id(openid) and _is_id(account) and type(at) is int and type(number) is int and type(text) is str):
        raise Refusal("push_malformed")
    event = str(getattr(message, "event", ""))
    dedupe_key = _dedupe_key(appid, event, number, f"{openid} {at} {event} {key}")
    return Push(sort, openid, account, text[:_LONGEST_TEXT], dedupe_key)


def _sort(message: Any) -> Sort:
    if message.type == "event":
        return _EVENTS.get(message.event, Sort.NOTHING)
    if message.type == "text":
        return Sort.TEXT
    return Sort.OTHER_MESSAGE if message.type in _MESSAGES else Sort.NOTHING


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _OPENID.fullmatch(value) is not None


def _dedupe_key(appid: str, event: str, number: int, event_facts: str) -> str:
    """Messages are known by MsgId, events by who, when, what and which key; hashed, since an openid is personal."""
    if number and not event:
        return f"{appid}:message:{number}"
    return f"{appid}:event:{hashlib.sha256(event_facts.encode()).hexdigest()}"
