"""The postman: delivers the notices that are owed."""

from casework.deps import Deps
from casework.notify import deliver_due


async def deliver_notices(deps: Deps) -> int:
    """Deliver everything due now; returns how many notices were taken in hand.

    Two postmen at once never carry the same notice: each claims it by a lease in the database.
    """
    return await deliver_due(deps)
