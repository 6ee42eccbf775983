"""A notice counts as delivered only when it is: channels in their order, reports that close the loop, quiet nights."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from casework.chat import bind_chat, binding_code
from casework.deps import Deps
from casework.message_consents import (
    allow_messages,
    record_report,
    record_sent_event,
    record_template_finished,
)
from casework.notify import MOST_CLAIMS, deliver_due
from casework.owe import owe
from domain.notice import Delivery
from domain.terms import Channel, NoticeKind
from models.case import find_case
from models.credit import crooked_balances
from models.notice import Notice, NoticeAttempt
from models.operator_task import open_tasks
from models.store import transaction
from tests.casework.town import ACCEPTED, OUR_FAULT, Message, Town
from tests.casework.way import MINOR, Way, gone, person, set_out

BOOKED = NoticeKind.BOOKING_CONFIRMED
PICKUP = NoticeKind.READY_FOR_PICKUP


@dataclass
class Account:
    """An Official Account that keeps what it was asked to send."""

    answer: Delivery = ACCEPTED
    messages: list[Message] = field(default_factory=list)

    async def send_template_message(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None = None,
        url: str | None = None,
        message_id: str | None = None,
    ) -> Delivery:
        assert url is None
        assert page is not None
        assert message_id is not None
        self.messages.append(Message(openid, template_id, message_id, data))
        return self.answer

    async def send_subscription_notice(self, **_: object) -> Delivery:
        raise AssertionError("not asked for")

    async def send_customer_text(self, **_: object) -> Delivery:
        raise AssertionError("not asked for")


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def deps(town: Town, account: Account) -> Deps:
    return replace(town.deps, official_account=account)


async def bound(town: Town, deps: Deps) -> Way:
    """Somebody with an open case who follows the Official Account; everything owed until there is told."""
    way = await gone(town, "open")
    code = (await binding_code(deps, way.citizen)).code
    assert await bind_chat(deps, appid=deps.settings.official_account.appid, openid="oFollower0001", code=code)
    await deliver_due(deps)
    town.sms.messages.clear()
    return way


async def state(kind: NoticeKind, route: str = "chain") -> tuple[str, Channel | None]:
    notice = await Notice.filter(kind=kind, route=route).order_by("-id").first()
    assert notice is not None
    return notice.status, notice.channel


async def test_who_follows_the_account_is_told_there_before_any_sms(town: Town, deps: Deps, account: Account) -> None:
    way = await bound(town, deps)
    account.messages.clear()
    await way.book()
    await deliver_due(deps)
    assert [message.to for message in account.messages] == ["oFollower0001"]
    assert town.sms.messages == []
    assert await state(BOOKED) == ("sent", Channel.ACCOUNT_TEMPLATE)


async def test_a_consent_goes_before_the_account(town: Town, deps: Deps, account: Account) -> None:
    way = await bound(town, deps)
    account.messages.clear()
    await allow_messages(deps, way.citizen, [BOOKED])
    await way.book()
    await deliver_due(deps)
    assert (len(town.wechat.messages), len(account.messages), len(town.sms.messages)) == (1, 0, 0)


async def test_only_a_report_makes_a_message_delivered(town: Town, deps: Deps) -> None:
    way = await bound(town, deps)
    town.wechat.answer = replace(ACCEPTED, provider_id="msg-1")
    await allow_messages(deps, way.citizen, [BOOKED])
    await way.book()
    await deliver_due(deps)
    assert await state(BOOKED) == ("sent", Channel.SUBSCRIBE_MESSAGE)
    await record_sent_event(deps, msgid="msg-1", error_code="0")
    await deliver_due(deps)
    assert await state(BOOKED) == ("delivered", Channel.SUBSCRIBE_MESSAGE)


async def test_what_did_not_arrive_goes_by_the_next_channel_until_none_is_left(
    town: Town, deps: Deps, account: Account
) -> None:
    way = await bound(town, deps)
    account.messages.clear()
    town.wechat.answer = replace(ACCEPTED, provider_id="msg-1")
    account.answer = replace(ACCEPTED, provider_id="msg-2")
    town.sms.answer = replace(ACCEPTED, provider_id="msg-3")
    await allow_messages(deps, way.citizen, [BOOKED])
    await way.book()
    await deliver_due(deps)
    await record_sent_event(deps, msgid="msg-1", error_code="20002", error_status="blocked")
    await deliver_due(deps)
    assert await state(BOOKED) == ("sent", Channel.ACCOUNT_TEMPLATE)
    await record_template_finished(deps, msgid="msg-2", status="failed:user block")
    await deliver_due(deps)
    assert await state(BOOKED) == ("sent", Channel.SMS)
    await record_report(deps, Channel.SMS, "msg-3", arrived=False, error="number_unknown")
    await deliver_due(deps)
    assert await state(BOOKED) == ("unreached", None)
    for _ in range(3):
        await deliver_due(deps)
    assert (len(town.wechat.messages), len(account.messages), len(town.sms.messages)) == (1, 1, 1)
    assert await crooked_balances() == []


async def test_a_report_that_comes_before_our_own_mark_is_not_lost(town: Town, deps: Deps) -> None:
    """WeChat pushes at once; our row may be written a moment later."""
    way = await bound(town, deps)
    town.wechat.answer = replace(ACCEPTED, provider_id="msg-9")
    await record_sent_event(deps, msgid="msg-9", error_code="0")
    await allow_messages(deps, way.citizen, [BOOKED])
    await way.book()
    await deliver_due(deps)
    await deliver_due(deps)
    assert (await state(BOOKED))[0] == "delivered"


async def test_a_report_told_again_or_of_nothing_we_sent_changes_nothing(town: Town, deps: Deps) -> None:
    way = await gone(town, "open")
    await deliver_due(deps)
    town.sms.answer = replace(ACCEPTED, provider_id="msg-3")
    await way.book()
    await deliver_due(deps)
    for _ in range(3):
        await record_report(deps, Channel.SMS, "msg-3", arrived=True, error=None)
        await record_report(deps, Channel.SMS, "msg-unknown", arrived=False, error="-")
        await deliver_due(deps)
    assert await NoticeAttempt.filter(outcome="delivered", provider_id="msg-3").count() == 1
    assert await Notice.filter(status="unreached").count() == 0


async def test_where_no_reports_come_an_sms_that_was_taken_counts_as_delivered(town: Town) -> None:
    settings = replace(town.deps.settings, sms_reports=False)
    deps = replace(town.deps, settings=settings)
    await gone(town, "open")
    await deliver_due(deps)
    assert await state(NoticeKind.CASE_OPENED) == ("delivered", Channel.SMS)


async def test_nobody_is_woken_by_an_sms_that_can_wait_until_morning(town: Town) -> None:
    town.clock.turn(hours=13)  # half past ten in the evening
    await gone(town, "open")
    await deliver_due(town.deps)
    assert town.sms.messages == []
    town.clock.turn(hours=8)
    await deliver_due(town.deps)
    assert town.sms.messages == []
    town.clock.turn(minutes=30)
    await deliver_due(town.deps)
    assert len(town.sms.messages) == 1


async def test_what_the_law_wants_told_without_delay_is_told_at_night(town: Town) -> None:
    """R117: the arrival of a card; R106: a refusal."""
    way = await gone(town, "dispatched")
    await deliver_due(town.deps)
    town.sms.messages.clear()
    town.clock.turn(hours=13)
    await way.arrive()
    await deliver_due(town.deps)
    assert len(town.sms.about(way.number)) == 1


async def test_a_wrong_setting_is_told_to_the_operator_once(town: Town) -> None:
    first, second = await gone(town, "open"), await gone(town, "open")
    await deliver_due(town.deps)
    town.wechat.answer = OUR_FAULT
    for way in (first, second):
        await allow_messages(town.deps, way.citizen, [BOOKED])
        await way.book()
    await deliver_due(town.deps)
    told = [(task.kind, task.subject) for task in await open_tasks()]
    assert told == [("notice_broken", "booking_confirmed by subscribe_message: 47003")]


async def test_a_notice_that_ends_the_postman_every_time_is_not_tried_for_ever(town: Town) -> None:
    await gone(town, "open")
    await Notice.all().update(attempts=MOST_CLAIMS)
    await deliver_due(town.deps)
    assert town.sms.messages == []
    assert (await state(NoticeKind.CASE_OPENED))[0] == "unreached"
    assert [task.kind for task in await open_tasks()] == ["notice_broken"]


async def test_a_guardian_is_told_until_the_child_is_eighteen_and_then_only_the_person_is(town: Town) -> None:
    """C6.9: no more notices to whoever was guardian once; the grown-up's own account gets them."""
    way = await gone(town, "dispatched", MINOR)
    await deliver_due(town.deps)
    town.clock.set(date(2035, 6, 11))
    async with transaction():
        case = await find_case(way.number)
        assert case is not None
        assert await owe(town.deps, case, NoticeKind.PROGRESS, "the day before")
    town.clock.set(date(2035, 6, 12))
    async with transaction():
        assert not await owe(town.deps, case, NoticeKind.PROGRESS, "the birthday")
    own = await set_out(town, facts=replace(person(MINOR), identity_number=way.identity_number))
    async with transaction():
        assert await owe(town.deps, case, NoticeKind.PROGRESS, "later")
    told = await Notice.filter(kind=NoticeKind.PROGRESS).order_by("-id").first()
    assert told is not None
    assert told.account_id == own.citizen.account_id != case.account_id
