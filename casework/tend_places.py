"""What tidies up after time itself: nobody's correctness rests on it, only promptness."""

from casework.close_point import move_displaced
from casework.deps import Deps, unit_of_work
from casework.find_place import desk_of, free_at
from casework.pass_on import pass_on, release_lapsed
from casework.repeat import unhindered
from domain.local_time import day_bounds
from domain.supply import Places
from models.hold import slots_with_lapsed
from models.place import find_service
from models.slot import ensure_slot, fit_slot, lock_slots
from models.waiting import Waiting, all_waiting, end_past_waiting

_BATCH = 200


async def tend_places(deps: Deps) -> int:
    """Free what ran out, pass it on, serve the waiting list, and move whom a closure left behind; returns how much."""
    done = await move_displaced(deps)
    for slot_id in await slots_with_lapsed(deps.clock.now(), _BATCH):
        done += await unhindered(lambda slot_id=slot_id: _tidy(deps, slot_id))  # type: ignore[misc]
    done += await end_past_waiting(deps.today(), deps.clock.now())
    for waiting in await all_waiting(_BATCH):
        done += await _serve(deps, waiting)
    return done


async def _tidy(deps: Deps, slot_id: int) -> int:
    async with unit_of_work(deps):
        slot = (await lock_slots([slot_id]))[slot_id]
        freed = await release_lapsed(deps, slot)
        await pass_on(deps, slot)
    return freed


async def _serve(deps: Deps, waiting: Waiting) -> int:
    """A place that became free unseen (a day was released, a capacity raised, two acts crossed) is passed on too."""
    service = await find_service(waiting.point_id, waiting.item)
    if service is None:
        return 0
    desk = desk_of(waiting.point, service)
    day = max(waiting.from_day, deps.today())
    while day <= min(waiting.to_day, desk.supply.last_day(deps.clock.now())):
        for found in await free_at(deps, desk, day, minor=waiting.case.is_minor):
            slot_id = await ensure_slot(desk.point.id, desk.item, found.starts_at, found.ends_at, desk.supply.places)
            if await unhindered(lambda slot_id=slot_id: _pass(deps, slot_id, desk.supply.places)):  # type: ignore[misc]
                return 1
        day = day_bounds(day)[1].date()
    return 0


async def _pass(deps: Deps, slot_id: int, places: Places) -> int:
    async with unit_of_work(deps):
        slot = (await lock_slots([slot_id]))[slot_id]
        await fit_slot(slot, places)
        await release_lapsed(deps, slot)
        return await pass_on(deps, slot)
