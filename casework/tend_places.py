"""What tidies up after time itself: nobody's correctness rests on it, only promptness."""

from collections import defaultdict
from datetime import date, timedelta

from casework.close_point import move_displaced
from casework.deps import Deps, unit_of_work
from casework.find_place import Desk, desk_of, free_at
from casework.pass_on import pass_on, release_lapsed
from casework.repeat import unhindered
from domain.supply import Places
from models.hold import slots_with_lapsed
from models.place import find_service
from models.slot import ensure_slot, fit_slot, lock_slots
from models.waiting import Waiting, end_past_waiting, idle_waiting

_BATCH, _LINE = 200, 1000
_IN_VAIN = 3  # slots of a day tried for people whom none of them fits


async def tend_places(deps: Deps) -> int:
    """Free what ran out, pass it on, serve the waiting list, and move whom a closure left behind; returns how much."""
    done = await move_displaced(deps)
    for slot_id in await slots_with_lapsed(deps.clock.now(), _BATCH):
        done += await unhindered(lambda slot_id=slot_id: _tidy(deps, slot_id))  # type: ignore[misc]
    done += await end_past_waiting(deps.today(), deps.clock.now())
    lines: dict[tuple[int, str], list[Waiting]] = defaultdict(list)
    for waiting in await idle_waiting(_LINE):
        lines[waiting.point_id, waiting.item].append(waiting)
    for line in lines.values():
        done += await _serve(deps, line)
    return done


async def _tidy(deps: Deps, slot_id: int) -> int:
    async with unit_of_work(deps):
        slot = (await lock_slots([slot_id]))[slot_id]
        freed = await release_lapsed(deps, slot)
        await pass_on(deps, slot)
    return freed


async def _serve(deps: Deps, line: list[Waiting]) -> int:
    """A place that became free unseen (a day was released, a capacity raised, two acts crossed) is passed on too."""
    service = await find_service(line[0].point_id, line[0].item)
    if service is None:
        return 0
    desk = desk_of(line[0].point, service)
    day, served = max(deps.today(), min(one.from_day for one in line)), 0
    last = min(desk.supply.last_day(deps.clock.now()), max(one.to_day for one in line))
    while day <= last and served < len(line):
        wanting = sum(one.from_day <= day <= one.to_day for one in line)
        served += await _serve_day(deps, desk, day, wanting) if wanting else 0
        day += timedelta(days=1)
    return served


async def _serve_day(deps: Deps, desk: Desk, day: date, wanting: int) -> int:
    served = in_vain = 0
    for found in await free_at(deps, desk, day, minor=True):
        if served >= wanting or in_vain >= _IN_VAIN:
            break
        slot_id = await ensure_slot(desk.point.id, desk.item, found.starts_at, found.ends_at, desk.supply.places)
        offered = await unhindered(lambda slot_id=slot_id: _pass(deps, slot_id, desk.supply.places))  # type: ignore[misc]
        served, in_vain = served + offered, in_vain + (not offered)
    return served


async def _pass(deps: Deps, slot_id: int, places: Places) -> int:
    async with unit_of_work(deps):
        slot = (await lock_slots([slot_id]))[slot_id]
        await fit_slot(slot, places)
        await release_lapsed(deps, slot)
        return await pass_on(deps, slot)
