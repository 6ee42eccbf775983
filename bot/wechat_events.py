"""Events that wechatpy does not know yet, told to it by its own hook; pushes in XML and in JSON."""

from collections.abc import Mapping
from typing import Any

import orjson
from wechatpy.events import EVENT_TYPES, BaseEvent, register_event
from wechatpy.messages import MESSAGE_TYPES, UnknownMessage

from bot.beneath import read_xml

POPUP, CHANGE, SENT = "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"
REVOKED, CANCELLED = "user_authorization_revoke", "user_authorization_cancellation"
MOST_ROWS = 20
_FOLLOWED_BY_CODE = "qrscene_"

_WRAPPERS = {POPUP: "SubscribeMsgPopupEvent", CHANGE: "SubscribeMsgChangeEvent", SENT: "SubscribeMsgSentEvent"}

for _name in (POPUP, CHANGE, SENT, REVOKED, CANCELLED):
    register_event(_name)(type(_name, (BaseEvent,), {"event": _name}))


def read_message(body: str) -> Any:
    """The message in wechatpy's classes, from XML or from JSON: the first character tells, the header may lie."""
    fields = orjson.loads(body) if body.lstrip().startswith("{") else read_xml(body)
    kind = fields["MsgType"].lower()
    if kind != "event":
        return MESSAGE_TYPES.get(kind, UnknownMessage)(fields)
    event, scene = fields["Event"].lower(), fields.get("EventKey") or ""
    if event == "subscribe" and scene.startswith(_FOLLOWED_BY_CODE):
        event = "subscribe_scan"
        fields = {**fields, "Event": event, "EventKey": scene.removeprefix(_FOLLOWED_BY_CODE)}
    return EVENT_TYPES.get(event, UnknownMessage)(fields)


def rows_of(event: str, fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of a subscription event: one is an object, several are an array; in XML they lie in a wrapper."""
    inside = fields.get(_WRAPPERS[event], fields)
    found = inside.get("List", inside)
    rows = found if isinstance(found, list) else [found]
    return [{str(name): str(value or "") for name, value in row.items()} for row in rows[:MOST_ROWS]]
