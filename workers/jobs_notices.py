"""The postman: delivers the notices that are owed."""

from casework.deps import Deps
from casework.notify import deliver_due


async def deliver_notices(deps: Deps) -> int:
    """Deliver everything due now, batch by batch; returns how many notices that were.

    Two postmen at once never carry the same notice: each claims it by a lease in the database.
    """
    delivered = 0
    while batch := await deliver_due(deps):
        delivered += batch
    return delivered
