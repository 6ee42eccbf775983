"""Reminders of a visit: the day before and the same morning, owed when it is booked and dropped when it is not kept."""

from datetime import datetime, time, timedelta

from casework.deps import Deps
from casework.owe import CHAIN, notice_key, owe
from domain.local_time import SHANGHAI, day_of
from domain.terms import NoticeKind
from models.case import Case
from models.notice import skip_notices, take_up_skipped
from models.place import AcceptancePoint
from templates.shown import when

EVE, MORNING = time(18, 0), time(7, 30)
_EVE, _MORNING = "eve", "morning"


async def owe_reminders(deps: Deps, case: Case, point: AcceptancePoint, starts_at: datetime, booking_id: int) -> None:
    """Owe what lies ahead of the two; a visit booked later than that is reminded of by its confirmation."""
    for event, due_at in reminders(deps.clock.now(), starts_at, booking_id):
        await owe(
            deps, case, NoticeKind.VISIT_REMINDER, event, due_at=due_at,
            time=when(starts_at), station=point.name, address=point.address,
        )  # fmt: skip


def reminders(now: datetime, starts_at: datetime, booking_id: int) -> list[tuple[str, datetime]]:
    """Event and due moment of each reminder that lies ahead."""
    return [(f"{booking_id}-{name}", at) for name, at in _moments(starts_at).items() if now < at < starts_at]


async def drop_reminders(case: Case, booking_id: int, at: datetime) -> None:
    """Nobody is reminded of a visit that was moved, cancelled or kept."""
    await skip_notices(reminder_keys(case, booking_id), at)


def reminder_keys(case: Case, booking_id: int) -> list[str]:
    """The keys of the reminders of a booking, owed or not."""
    return [
        f"{notice_key(case, NoticeKind.VISIT_REMINDER, f'{booking_id}-{name}')}:{CHAIN}" for name in (_EVE, _MORNING)
    ]


async def take_up_reminders(case: Case, booking_id: int, at: datetime) -> None:
    """A visit that was taken for kept, or given up by mistake, stands again: what lies ahead is owed again."""
    await take_up_skipped(reminder_keys(case, booking_id), at)


def _moments(starts_at: datetime) -> dict[str, datetime]:
    day = day_of(starts_at)
    return {
        _EVE: datetime.combine(day - timedelta(days=1), EVE, tzinfo=SHANGHAI),
        _MORNING: datetime.combine(day, MORNING, tzinfo=SHANGHAI),
    }
