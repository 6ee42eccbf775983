"""What WeChat tells of our messages: who allows them, and which of them arrived. Each telling counts once."""

from collections.abc import Sequence

from casework.callers import Citizen
from casework.deps import DELIVER_NOTICES, Deps, database_expected
from domain.notice import ProviderReport, ReportOutcome
from domain.refusal import Refusal
from domain.terms import Channel, CreditReason, NoticeKind
from models.account import account_of_openid
from models.credit import BY_CITIZEN, BY_PUSH, clear_credit, grant_credit
from models.delivery_report import keep_report
from models.store import transaction

_DONE = "success"


async def allow_messages(deps: Deps, citizen: Citizen, templates: Sequence[str]) -> None:
    """Enter consents to one message each into the ledger: WeChat has no call that tells what is left (B73).

    Raises:
        Refusal: ``message_template_unknown``.
    """
    if not set(templates) <= set(NoticeKind):
        raise Refusal("message_template_unknown")
    async with transaction():
        for template in templates:
            await grant_credit(
                citizen.account_id, template, told_by=BY_CITIZEN, key=deps.random.token(12).hex(), at=deps.clock.now()
            )


async def record_consent_event(
    deps: Deps, *, appid: str, openid: str, template_id: str, accepted: bool, key: str
) -> bool:
    """A person answered our question in the mini-program (``subscribe_msg_popup_event``); True when a consent was new.

    ``key`` names the push and, within it, the row. An account or template that is not ours changes nothing.
    """
    kind, account_id = _kind_of(deps, template_id), await account_of_openid(appid=appid, openid=openid)
    if kind is None or account_id is None or not accepted:
        return False
    async with transaction():
        return await grant_credit(account_id, kind, told_by=BY_PUSH, key=key, at=deps.clock.now())


async def record_consent_change(
    deps: Deps, *, appid: str, openid: str, template_id: str, accepted: bool, key: str
) -> int:
    """A person changed the switch in WeChat's settings (``subscribe_msg_change_event``); how many consents that took.

    Switching on again allows nothing by itself: the next question does.
    """
    kind, account_id = _kind_of(deps, template_id), await account_of_openid(appid=appid, openid=openid)
    if kind is None or account_id is None or accepted:
        return 0
    async with transaction():
        return await clear_credit(account_id, kind, CreditReason.REVOKED, key=key, at=deps.clock.now())


async def record_sent_event(deps: Deps, *, msgid: str, error_code: str, error_status: str = "") -> None:
    """WeChat says whether a subscription message arrived (``subscribe_msg_sent_event``); code 0 means that it did."""
    arrived = error_code == "0"
    error = None if arrived else f"{error_code} {error_status}".strip()
    await record_report(deps, Channel.SUBSCRIBE_MESSAGE, msgid, arrived=arrived, error=error)


async def record_template_finished(deps: Deps, *, msgid: str, status: str) -> None:
    """WeChat says whether a template message arrived (``TEMPLATESENDJOBFINISH``): ``success``, or why not."""
    arrived = status == _DONE
    await record_report(deps, Channel.ACCOUNT_TEMPLATE, msgid, arrived=arrived, error=None if arrived else status)


async def record_sms_reports(deps: Deps, reports: Sequence[ProviderReport]) -> None:
    """The SMS provider says which messages arrived."""
    for told in reports:
        await record_report(deps, Channel.SMS, told.provider_id, arrived=told.arrived, error=told.error)


async def record_report(deps: Deps, channel: Channel, provider_id: str, *, arrived: bool, error: str | None) -> None:
    """Keep what a provider tells of a message it took, and wake the postman, who acts on it.

    It may come before our own mark that the message was taken, and more than once.
    """
    outcome = ReportOutcome.DELIVERED if arrived else ReportOutcome.FAILED
    with database_expected():
        await keep_report(channel, provider_id[:80], outcome, error[:80] if error else None, deps.clock.now())
    await deps.queue.wake(DELIVER_NOTICES)


def _kind_of(deps: Deps, template_id: str) -> str | None:
    """Which of our templates WeChat's id is."""
    return next((kind for kind, known in deps.settings.template_ids.items() if known == template_id), None)
