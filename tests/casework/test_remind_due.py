"""Reminders of the calendar: on their day, once, and only while they are true."""

from datetime import date

from casework.message_consents import allow_messages
from casework.notify import deliver_due
from casework.remind_due import remind_due
from casework.withdraw import withdraw
from domain.terms import NoticeKind
from models.notice import Notice
from tests.casework.town import Town, key
from tests.casework.way import Way, gone


async def reminded(town: Town, kind: NoticeKind) -> int:
    """How many notices of a kind the reminders of this day owe; asked twice, since a second run adds nothing."""
    before = await Notice.filter(kind=kind, route="chain").count()
    await remind_due(town.deps)
    await remind_due(town.deps)
    return await Notice.filter(kind=kind, route="chain").count() - before


async def test_a_card_that_waits_is_reminded_of_after_a_week_and_a_month_and_never_once_collected(town: Town) -> None:
    way = await gone(town, "arrived")
    arrived = town.deps.today()
    told = []
    for ahead in (1, 6, 7, 8, 29, 30, 31, 45):
        town.clock.set(date.fromordinal(arrived.toordinal() + ahead), 10)
        if await reminded(town, NoticeKind.PICKUP_REMINDER):
            told.append(ahead)
    assert told == [7, 30]
    await way.release()
    town.clock.set(date.fromordinal(arrived.toordinal() + 60), 10)
    assert await reminded(town, NoticeKind.PICKUP_REMINDER) == 0


async def test_a_letter_not_signed_is_reminded_of_the_day_before_the_visit_and_never_once_signed(town: Town) -> None:
    unsigned, signed = await gone(town, "open"), await gone(town, "open")
    await signed.sign()
    for way in (unsigned, signed):
        await way.book()
    assert await reminded(town, NoticeKind.SIGNATURE_MISSING) in {0, 1}
    town.clock.turn(hours=12)
    await reminded(town, NoticeKind.SIGNATURE_MISSING)
    told = [notice.facts["number"] for notice in await Notice.filter(kind=NoticeKind.SIGNATURE_MISSING)]
    assert told == [unsigned.number]


async def test_a_withdrawal_is_confirmed_and_ends_every_other_telling(town: Town) -> None:
    """T19: what was owed about the case and not yet sent is told to nobody."""
    way: Way = await gone(town, "booked")
    await allow_messages(town.deps, way.citizen, [NoticeKind.WITHDRAWN])
    await withdraw(town.deps, way.citizen, way.number, key())
    owed = await Notice.filter(case__number=way.number, status="owed")
    assert [notice.kind for notice in owed] == [NoticeKind.WITHDRAWN]
    await deliver_due(town.deps)
    (told,) = town.wechat.messages
    assert way.number in told.data.values()
