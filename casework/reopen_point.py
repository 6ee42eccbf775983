"""Opening a point again before its closure ends (R199): from then on people may book, the waiting list first."""

from casework.callers import Officer
from casework.close_point import insist_may_see
from casework.deps import Deps, unit_of_work
from casework.put_on_record import put_on_record
from casework.repeat import unhindered
from casework.take_place import pass_on_all
from domain.refusal import Refusal
from models.place import Closure, closures_between, end_closure
from models.slot import lock_slots, open_slots, slots_touching


async def reopen_point(deps: Deps, officer: Officer, closure_id: int) -> None:
    """End a closure now. Slots that another closure lies on stay closed; who was moved keeps the new place.

    Raises:
        Refusal: ``staff_role_missing``, ``closure_not_found``, ``closure_over``.
    """

    async def reopen() -> None:
        closure = await insist_may_see(officer, closure_id)
        async with unit_of_work(deps):
            await _reopen(deps, officer, closure)

    await unhindered(reopen)


async def _reopen(deps: Deps, officer: Officer, closure: Closure) -> None:
    now = deps.clock.now()
    if not await end_closure(closure.id, now):
        raise Refusal("closure_over")
    touched = await slots_touching(closure.point_id, closure.item, max(closure.starts_at, now), closure.ends_at)
    slots = await lock_slots(touched)
    free = [
        slot.id
        for slot in slots.values()
        if not await closures_between(slot.point_id, slot.item, slot.starts_at, slot.ends_at)
    ]
    await open_slots(free)
    await pass_on_all(deps, free)
    facts = {"closure": closure.id, "point": closure.point.code, "was_to_end": closure.ends_at.isoformat()}
    await put_on_record(deps, officer, "reopen_point", facts)
