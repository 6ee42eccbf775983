"""A glance at a day of a point: what is taken, held and closed there, read in one statement and remembered a moment.

Facts of the tables only: which holds ran out, and which times are over, is decided by the clock when they are used.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

from domain.local_time import day_bounds, day_of
from domain.terms import ServiceItem
from models.columns import UtcDatetime
from models.many import rows
from models.memory import Memory

_DAY = """
SELECT 's' AS what, starts_at AS one, NULL AS other, taken, taken_general, closed AS yes FROM slot
WHERE point_id = $1::int AND item = $2::varchar AND starts_at >= $3::timestamptz AND starts_at < $4::timestamptz
UNION ALL
SELECT 'h', s.starts_at, h.until, 0, 0, h.is_minor FROM hold h JOIN slot s ON s.id = h.slot_id
WHERE h.ended_at IS NULL AND s.point_id = $1::int AND s.item = $2::varchar
AND s.starts_at >= $3::timestamptz AND s.starts_at < $4::timestamptz
UNION ALL
SELECT 'c', starts_at, ends_at, 0, 0, FALSE FROM closure
WHERE point_id = $1::int AND (item IS NULL OR item = $2::varchar)
AND starts_at < $4::timestamptz AND ends_at > $3::timestamptz"""

DayKey = tuple[int, ServiceItem, date]


class SlotFacts(NamedTuple):
    """A slot's row, as in ``models.slot.Slot``."""

    taken: int
    taken_general: int
    closed: bool


class HoldFacts(NamedTuple):
    """A hold that counts in the slot that begins then, run out or not."""

    starts_at: datetime
    until: datetime
    is_minor: bool


@dataclass(frozen=True)
class Glance:
    """One day of one service. ``made``: what readers made of it, forgotten with it; its keys are theirs."""

    slots: Mapping[datetime, SlotFacts]
    holds: Sequence[HoldFacts]
    closures: Sequence[tuple[datetime, datetime]]
    made: dict[Any, Any] = field(default_factory=dict, compare=False)


async def glance_at(point_id: int, item: ServiceItem, day: date) -> Glance:
    """A day (in Shanghai) of a point's service: as it was a moment ago; inside a transaction as it is."""
    found = await _DAYS.recall((point_id, item, day))
    assert found is not None
    return found


def glance_at_hand(point_id: int, item: ServiceItem, day: date) -> Glance | None:
    """What ``glance_at`` would say without asking; None where it would have to ask. Not inside a transaction."""
    return _DAYS.at_hand((point_id, item, day))


def forget_point(point_id: int) -> None:
    """Something at this point was changed; to be called after the statement that does it."""
    _DAYS.forget(point_id)


def forget_points() -> None:
    """Something was changed somewhere; to be called after the statement that does it."""
    _DAYS.forget_all()


def learn_taken(taken: Mapping[tuple[int, ServiceItem, datetime], Sequence[int]]) -> None:
    """Places were taken in slots that are locked: how many are taken there now, all and ``taken_general``.

    By point, item and start. Readers need not ask for the day again. Only for what lets both numbers rise.
    """
    by_day: dict[DayKey, dict[datetime, Sequence[int]]] = defaultdict(dict)
    for (point_id, item, start), counts in taken.items():
        by_day[point_id, item, day_of(start)][start] = counts
    for key, of_day in by_day.items():
        _DAYS.learn(key, partial(_with, of_day))


def _with(taken: Mapping[datetime, Sequence[int]], glance: Glance) -> Glance:
    slots = dict(glance.slots)
    for start, (places, general) in taken.items():
        was = slots.get(start, _NOTHING)
        slots[start] = SlotFacts(max(was.taken, places), max(was.taken_general, general), was.closed)
    return Glance(slots, glance.holds, glance.closures)


async def _ask(key: DayKey) -> Glance:
    point_id, item, day = key
    slots, holds, closures = dict[datetime, SlotFacts](), list[HoldFacts](), list[tuple[datetime, datetime]]()
    found: Sequence[Any] = await rows(_DAY, point_id, item.value, *day_bounds(day))
    for what, one, other, taken, general, yes in found:
        if what == "s":
            slots[_moment(one)] = SlotFacts(taken, general, bool(yes))
        elif what == "h":
            holds.append(HoldFacts(_moment(one), _moment(other), bool(yes)))
        else:
            closures.append((_moment(one), _moment(other)))
    return Glance(slots, holds, closures)


def _moment(told: Any) -> datetime:
    """SQLite keeps moments as text."""
    if isinstance(told, datetime):
        return told
    moment = _MOMENTS.to_python_value(told)
    assert moment is not None
    return moment


_NOTHING = SlotFacts(0, 0, closed=False)
_MOMENTS: UtcDatetime[datetime] = UtcDatetime()
_DAYS: Memory[DayKey, Glance] = Memory(_ask)
