"""The postman delivers the notices that are owed; the calendar brings reminders."""

from casework import reach_people
from casework import remind_due as reminding
from casework.deps import Deps
from casework.notify import deliver_due


async def deliver_notices(deps: Deps) -> int:
    """Deliver everything due now; returns how many notices were taken in hand.

    Two postmen at once never carry the same notice: each claims it by a lease in the database.
    """
    return await deliver_due(deps)


async def remind_due(deps: Deps) -> int:
    """Owe the reminders of today: cards that wait, letters not signed; returns how many."""
    return await reminding.remind_due(deps)


async def open_reach_tasks(deps: Deps) -> int:
    """Ask a person at the station about what reached nobody (K8); returns how many tasks are new."""
    return await reach_people.open_reach_tasks(deps)
