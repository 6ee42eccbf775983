"""Reminders that the calendar brings: a card that waits, a letter not signed before the visit.

Each is owed on its day if it is still true then, once; nothing is owed ahead that would have to be taken back.
"""

from datetime import timedelta

from casework.deps import Deps, unit_of_work
from casework.facts import facts_of
from casework.owe import owe
from domain.local_time import day_of
from domain.terms import NoticeKind, ServiceItem
from models.card import cards_waiting
from models.case import Case, ready_since
from models.slot import visits_between
from templates.shown import when

BATCH = 500
_READY = {
    ServiceItem.TEMPORARY_ID_CARD: NoticeKind.TEMPORARY_CARD_READY,
    ServiceItem.HOUSEHOLD_CERTIFICATE: NoticeKind.CERTIFICATE_READY,
}


async def remind_due(deps: Deps) -> int:
    """Owe every reminder of today; returns how many persons are reminded. Safe to run again."""
    return await _remind_to_collect(deps) + await _remind_of_ready(deps) + await _remind_to_sign(deps)


async def _remind_to_collect(deps: Deps) -> int:
    """A card that waits at the counter (F22): uncollected cards are the reason for telling people more than once."""
    days = deps.rulebook.on(deps.today()).need("notices").numbers("collect_after")
    reminded = 0
    for case, arrived_at in await cards_waiting(deps.clock.now() - timedelta(days=days[0]), BATCH):
        waited = (deps.today() - day_of(arrived_at)).days
        point = case.acceptance_point
        assert point is not None
        async with unit_of_work(deps):
            reminded += await owe(
                deps, case, NoticeKind.PICKUP_REMINDER, f"day-{max(day for day in days if day <= waited)}",
                station=point.name, address=point.address, hours=point.hours_text,
            )  # fmt: skip
    return reminded


async def _remind_of_ready(deps: Deps) -> int:
    """A temporary card or a certificate that waits (H12): the words of the first notice are said again."""
    days = deps.rulebook.on(deps.today()).need("notices").numbers("collect_after")
    reminded = 0
    for case, ready_at in await ready_since(deps.clock.now() - timedelta(days=days[0]), BATCH):
        waited = (deps.today() - day_of(ready_at)).days
        point = case.acceptance_point
        assert point is not None
        async with unit_of_work(deps):
            reminded += await owe(
                deps, case, _READY[case.item], f"day-{max(day for day in days if day <= waited)}", station=point.name,
                address=point.address, hours=point.hours_text,
            )  # fmt: skip
    return reminded


async def _remind_to_sign(deps: Deps) -> int:
    """A visit near, and the letter not signed: signing on the phone spares the counter's paper (R061)."""
    now = deps.clock.now()
    hours = deps.rulebook.on(deps.today()).need("notices").number("sign_hours")
    reminded = 0
    for booking in await visits_between(now, now + timedelta(hours=hours)):
        case: Case = booking.case
        if (await facts_of(deps, case)).letter_standing != "to_sign":
            continue
        async with unit_of_work(deps):
            reminded += await owe(
                deps, case, NoticeKind.SIGNATURE_MISSING, str(booking.id),
                time=when(booking.slot.starts_at), station=booking.slot.point.name,
            )  # fmt: skip
    return reminded
