"""Events that are told, not asked: what became of messages, what people agreed to, what they take back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bot.push import Push, Sort
from casework.deps import Deps
from casework.message_consents import (
    record_consent_change,
    record_consent_event,
    record_sent_event,
    record_template_finished,
)
from casework.withdraw_consent import consent_revoked

_HASH: Final = 64  # digits of the hash a key of an event ends with


async def take_event(deps: Deps, push: Push) -> str:
    """Take an event in the transaction of its push; nobody waits for words."""
    act = _ACTS.get(push.sort)
    if act is not None:
        await act(deps, push)
    return ""


async def _agreed(deps: Deps, push: Push) -> None:
    for place, row in enumerate(push.facts["rows"]):
        await record_consent_event(deps, **_consent(push, place, row))


async def _switched(deps: Deps, push: Push) -> None:
    for place, row in enumerate(push.facts["rows"]):
        await record_consent_change(deps, **_consent(push, place, row))


def _consent(push: Push, place: int, row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "appid": push.appid,
        "openid": push.openid,
        "template_id": row.get("TemplateId", ""),
        "accepted": row.get("SubscribeStatusString") == "accept",
        "key": f"{push.dedupe_key[-_HASH:]}:{place}",
    }


async def _arrived(deps: Deps, push: Push) -> None:
    for row in push.facts["rows"]:
        if msgid := row.get("MsgID"):
            error = row.get("ErrorCode", "")
            await record_sent_event(deps, msgid=msgid, error_code=error, error_status=row.get("ErrorStatus", ""))


async def _template_done(deps: Deps, push: Push) -> None:
    await record_template_finished(deps, msgid=push.facts["msgid"], status=push.facts["status"])


async def _revoked(deps: Deps, push: Push) -> None:
    await consent_revoked(deps, appid=push.appid, openid=push.facts["openid"])


_ACTS: Final[Mapping[Sort, Callable[[Deps, Push], Awaitable[None]]]] = {
    Sort.AGREED: _agreed,
    Sort.SWITCHED: _switched,
    Sort.ARRIVED: _arrived,
    Sort.TEMPLATE_DONE: _template_done,
    Sort.REVOKED: _revoked,
}
