"""The postman: everything owed is told, once, and nobody's silence is overlooked."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from casework.message_consents import allow_messages
from casework.notify import FIRST_WAIT, LEASE, LONGEST_WAIT, MOST_TRIES, deliver_due
from casework.serve import day_list
from casework.track import my_notices
from domain.notice import Delivery
from domain.terms import CaseEventKind, NoticeKind, ReportKind
from models import outbox
from models.case import CaseEvent
from models.credit import MessageCredit
from models.many import Write
from models.notice import Notice, NoticeAttempt
from models.store import connection
from tests.casework.refused import DONE, at_once
from tests.casework.town import BUSY, NO_CONSENT, NUMBER_UNKNOWN, OUR_FAULT, PHONE, Sms, Town
from tests.casework.way import GUANGDONG, Way, gone, set_out

PICKUP = NoticeKind.READY_FOR_PICKUP


async def allowing(town: Town, stop: str, *kinds: NoticeKind) -> Way:
    """Somebody who allowed one message of each kind, walked to a stop; everything owed until there is delivered."""
    way = await set_out(town)
    await way.until(stop)
    await deliver_due(town.deps)
    town.sms.messages.clear()
    town.wechat.messages.clear()
    await allow_messages(town.deps, way.citizen, kinds)
    return way


async def statuses(kind: NoticeKind) -> dict[str, str]:
    return {notice.route: notice.status for notice in await Notice.filter(kind=kind)}


async def balance(kind: NoticeKind) -> int:
    return (await MessageCredit.get(template=kind)).balance


async def test_an_arrival_is_told_by_exactly_one_sms_and_one_message_however_often_the_postman_runs(town: Town) -> None:
    way = await allowing(town, "dispatched", PICKUP)
    await way.arrive()
    for _ in range(5):
        await deliver_due(town.deps)
        town.clock.turn(minutes=10)
    assert [message.to for message in town.sms.messages] == [PHONE]
    assert way.number in town.sms.messages[0].text
    assert len(town.wechat.messages) == 1
    assert await balance(PICKUP) == 0
    assert await statuses(PICKUP) == {"sms": "sent", "wechat": "sent"}


async def test_an_arrival_registered_twice_at_once_is_told_once(town: Town) -> None:
    way = await allowing(town, "dispatched")
    verdicts = await at_once(way.arrive() for _ in range(6))
    assert verdicts[DONE] == 1
    assert await CaseEvent.filter(kind=CaseEventKind.ARRIVAL_REGISTERED).count() == 1
    await deliver_due(town.deps)
    assert len(town.sms.messages) == 1


async def test_an_arrival_is_told_by_sms_even_when_wechat_took_it_and_without_any_consent(town: Town) -> None:
    way = await allowing(town, "dispatched")
    await way.arrive()
    await deliver_due(town.deps)
    assert (len(town.sms.messages), len(town.wechat.messages)) == (1, 0)
    assert await statuses(PICKUP) == {"sms": "sent", "wechat": "skipped"}


async def test_postmen_at_once_never_carry_the_same_notice(town: Town) -> None:
    ways = [await allowing(town, "open") for _ in range(4)]
    for way in ways:
        await way.book()
    carried = await asyncio.gather(*(deliver_due(town.deps) for _ in range(5)))
    assert sum(carried) == 4
    assert len(town.sms.messages) == 4


async def test_a_slow_provider_makes_no_second_postman_repeat_what_the_first_still_holds(town: Town) -> None:
    """A notice is leased when its turn comes: while others are served first its lease can't run out."""
    ways = [await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED) for _ in range(4)]
    for way in ways:
        await way.book()
    send = town.wechat.send_subscribe_message

    async def slowly(**message: object) -> Delivery:
        delivery = await send(**message)  # type: ignore[arg-type]
        town.clock.turn(seconds=20)
        await asyncio.sleep(0)
        return delivery

    town.wechat.send_subscribe_message = slowly  # type: ignore[method-assign]
    await asyncio.gather(deliver_due(town.deps), deliver_due(town.deps))
    assert len({message.to for message in town.wechat.messages}) == len(town.wechat.messages) == 4


async def test_a_run_that_comes_while_one_is_under_way_makes_that_one_look_once_more(town: Town) -> None:
    first, second = [await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED) for _ in range(2)]
    await first.book()
    send, asked, go = town.wechat.send_subscribe_message, asyncio.Event(), asyncio.Event()

    async def when_told(**message: object) -> Delivery:
        asked.set()
        await go.wait()
        return await send(**message)  # type: ignore[arg-type]

    town.wechat.send_subscribe_message = when_told  # type: ignore[method-assign]
    running = asyncio.create_task(deliver_due(town.deps))
    await asked.wait()
    await second.book()
    assert await deliver_due(town.deps) == 0
    go.set()
    assert await running == 2
    assert len(town.wechat.messages) == 2


async def test_a_postman_who_dies_between_provider_and_mark_repeats_under_the_same_id(town: Town) -> None:
    way = await allowing(town, "dispatched")
    await way.arrive()

    class Dies(BaseException):
        """The process is gone."""

    send = town.sms.send

    async def then_dies(*, phone: str, text: str, message_id: str) -> Delivery:
        await send(phone=phone, text=text, message_id=message_id)
        raise Dies

    town.sms.send = then_dies  # type: ignore[method-assign]
    with pytest.raises(BaseExceptionGroup):
        await deliver_due(town.deps)
    town.sms.send = send  # type: ignore[method-assign]
    await deliver_due(town.deps)
    assert len(town.sms.messages) == 1  # the lease still holds
    town.clock.turn(seconds=LEASE.total_seconds() + 1)
    await deliver_due(town.deps)
    assert len(town.sms.messages) == 2
    assert len(town.sms.arrived) == 1
    assert (await statuses(PICKUP))["sms"] == "sent"


async def test_one_notice_that_fails_keeps_nobody_else_waiting(town: Town) -> None:
    first, second = [await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED) for _ in range(2)]
    await first.book()
    await second.book()
    send = town.wechat.send_subscribe_message

    async def stumbles(*, openid: str, **message: object) -> Delivery:
        if not town.wechat.messages and not stumbled:
            stumbled.append(openid)
            raise RuntimeError(openid)
        return await send(openid=openid, **message)  # type: ignore[arg-type]

    stumbled: list[str] = []
    town.wechat.send_subscribe_message = stumbles  # type: ignore[method-assign]
    await deliver_due(town.deps)
    assert (len(stumbled), len(town.wechat.messages)) == (1, 1)
    town.clock.turn(seconds=LEASE.total_seconds() + 1)
    await deliver_due(town.deps)
    assert [notice.status for notice in await Notice.filter(kind=NoticeKind.BOOKING_CONFIRMED)] == ["sent", "sent"]


async def test_a_value_that_does_not_open_keeps_nobody_else_waiting(town: Town) -> None:
    """Another column's value stands where the facts of one and the number of another should be."""
    ways = [await allowing(town, "dispatched") for _ in range(3)]
    for way in ways:
        await way.arrive()
    first, second, whole = await Notice.filter(kind=PICKUP, route="sms").order_by("id")
    for broken in (
        f"UPDATE notice SET facts = (SELECT openid FROM account LIMIT 1) WHERE id = {first.id}",
        f"UPDATE account SET phone = openid WHERE id = {second.account_id}",
    ):
        await connection().execute_script(broken)
    await deliver_due(town.deps)
    assert [message.key for message in town.sms.messages] == [whole.dedupe_key]
    kept = await Notice.filter(id__in=[first.id, second.id]).only("id", "status")
    assert [notice.status for notice in kept] == ["owed", "owed"]


async def test_a_mark_that_can_not_be_written_keeps_no_other_from_being_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED) for _ in range(4)]
    for way in ways:
        await way.book()
    bad = await Notice.filter(kind=NoticeKind.BOOKING_CONFIRMED).order_by("id").offset(1).first()
    assert bad is not None
    closings = outbox._closings

    def stumbling(outcomes: Sequence[outbox.Outcome]) -> list[Write]:
        if bad.id in {outcome.notice.id for outcome in outcomes}:
            raise RuntimeError
        return closings(outcomes)

    monkeypatch.setattr(outbox, "_closings", stumbling)
    await deliver_due(town.deps)
    told = await Notice.filter(kind=NoticeKind.BOOKING_CONFIRMED).order_by("id")
    assert [notice.status for notice in told] == ["sent", "owed", "sent", "sent"]


async def test_what_a_slow_provider_leaves_no_time_for_is_given_back_untried(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"CARRIERS": 1, "SHIFT_SECONDS": 0.2, "OVERTIME_SECONDS": 0.0}.items():
        monkeypatch.setattr(f"casework.notify.{name}", value)
    ways = [await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED) for _ in range(3)]
    for way in ways:
        await way.book()
    send = town.wechat.send_subscribe_message

    async def slowly(**message: object) -> Delivery:
        await asyncio.sleep(0.3)
        return await send(**message)  # type: ignore[arg-type]

    town.wechat.send_subscribe_message = slowly  # type: ignore[method-assign]
    town.bell.rung.clear()
    assert await deliver_due(town.deps) == 1
    assert len(town.bell.rung) == 1
    told = await Notice.filter(kind=NoticeKind.BOOKING_CONFIRMED).order_by("id")
    assert [(notice.status, notice.attempts, notice.claimed_until) for notice in told] == [
        ("sent", 1, None), ("owed", 0, None), ("owed", 0, None),
    ]  # fmt: skip
    town.wechat.send_subscribe_message = send  # type: ignore[method-assign]
    assert await deliver_due(town.deps) == 2
    assert len(town.wechat.messages) == 3


async def test_wechat_is_asked_first_and_sms_only_where_it_can_not(town: Town) -> None:
    way = await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED)
    await way.book()
    await deliver_due(town.deps)
    assert (len(town.wechat.messages), len(town.sms.messages)) == (1, 0)
    await way.book()  # the consent is used up
    await deliver_due(town.deps)
    assert (len(town.wechat.messages), len(town.sms.messages)) == (1, 1)


async def test_when_wechat_says_there_is_no_consent_the_ledger_believes_it_and_sms_is_sent(town: Town) -> None:
    """43101: the person refused, or used the consent up somewhere we do not see."""
    way = await allowing(town, "open", *[NoticeKind.BOOKING_CONFIRMED] * 3)
    town.wechat.answer = NO_CONSENT
    await way.book()
    await deliver_due(town.deps)
    assert (len(town.wechat.messages), len(town.sms.messages)) == (1, 1)
    assert await balance(NoticeKind.BOOKING_CONFIRMED) == 0
    outcomes = [
        (attempt.channel, attempt.outcome, attempt.error) for attempt in await NoticeAttempt.all().order_by("id")
    ]
    assert outcomes[-2:] == [("subscribe_message", "next_channel", "43101"), ("sms", "accepted", None)]


async def test_a_message_that_is_our_fault_is_told_by_sms_and_costs_no_consent(town: Town) -> None:
    way = await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED)
    town.wechat.answer = OUR_FAULT
    await way.book()
    await deliver_due(town.deps)
    assert len(town.sms.messages) == 1
    assert await balance(NoticeKind.BOOKING_CONFIRMED) == 1


async def test_a_busy_provider_is_asked_again_after_growing_waits_and_then_sends(town: Town) -> None:
    way = await allowing(town, "dispatched")
    town.sms.answer = BUSY
    await way.arrive()
    waits = []
    for _ in range(MOST_TRIES):
        await deliver_due(town.deps)
        notice = await Notice.get(kind=PICKUP, route="sms")
        waits.append(notice.due_at - town.clock.now())
        assert await deliver_due(town.deps) == 0
        town.clock.at = notice.due_at
    assert FIRST_WAIT <= waits[0] <= FIRST_WAIT * 1.25
    assert all(later > earlier for earlier, later in pairwise(waits[:8]))
    assert max(waits) <= LONGEST_WAIT * 1.25
    town.sms.answer = Sms().answer
    await deliver_due(town.deps)
    assert (await Notice.get(kind=PICKUP, route="sms")).status == "sent"
    assert len(town.sms.arrived) == 1


async def test_a_busy_wechat_keeps_the_consent_for_the_next_try(town: Town) -> None:
    way = await allowing(town, "open", NoticeKind.BOOKING_CONFIRMED)
    town.wechat.answer = BUSY
    await way.book()
    await deliver_due(town.deps)
    assert (len(town.wechat.messages), len(town.sms.messages)) == (1, 0)
    assert await balance(NoticeKind.BOOKING_CONFIRMED) == 1


async def test_who_can_not_be_reached_is_work_for_a_person_at_the_station(town: Town) -> None:
    """K8: an unreached notice stands on the counter's list until somebody sees to it."""
    way = await allowing(town, "dispatched")
    town.sms.answer = NUMBER_UNKNOWN
    await way.arrive()
    await deliver_due(town.deps)
    assert await statuses(PICKUP) == {"sms": "unreached", "wechat": "skipped"}
    listed = await day_list(town.deps, await town.clerk())
    assert [line.number for line in listed.unreached] == [way.number]


async def test_after_many_tries_the_postman_gives_up_and_says_so(town: Town) -> None:
    way = await allowing(town, "dispatched")
    town.sms.answer = BUSY
    await way.arrive()
    for _ in range(MOST_TRIES + 1):
        await deliver_due(town.deps)
        town.clock.turn(minutes=40)
    assert (await statuses(PICKUP))["sms"] == "unreached"
    assert len(town.sms.messages) == MOST_TRIES + 1


async def test_whatever_was_told_can_be_looked_up(town: Town) -> None:
    way = await allowing(town, "arrived")
    told = await my_notices(town.deps, way.citizen, way.number)
    assert [notice.kind for notice in told].count(PICKUP) == 1
    assert {notice.kind for notice in told} >= {NoticeKind.CASE_OPENED, NoticeKind.ACCEPTED, NoticeKind.PROGRESS}


async def test_a_notice_names_nobody_in_full_and_no_number_of_theirs(town: Town) -> None:
    way = await gone(town, "released")
    await deliver_due(town.deps)
    for message in town.sms.messages:
        assert "示例甲" not in message.text
        assert way.identity_number not in message.text


async def test_a_card_by_post_is_told_with_its_waybill(town: Town) -> None:
    way = await gone(town, "in_production", GUANGDONG)
    await way.reported(ReportKind.DISPATCHED, waybill="EX123456789CN")
    await deliver_due(town.deps)
    assert [message for message in town.sms.messages if "EX123456789CN" in message.text]


async def test_the_queue_is_woken_by_every_act_that_owes_something(town: Town) -> None:
    way = await gone(town, "open")
    rung = len(town.bell.rung)
    await way.book()
    assert town.bell.rung[rung:] == ["deliver_notices"]


async def test_waiting_notices_are_not_delivered_before_they_are_due(town: Town) -> None:
    way = await allowing(town, "open")
    town.sms.answer = BUSY
    await way.book()
    await deliver_due(town.deps)
    tried = len(town.sms.messages)
    town.clock.turn(seconds=FIRST_WAIT.total_seconds() - 1)
    assert await deliver_due(town.deps) == 0
    assert len(town.sms.messages) == tried
