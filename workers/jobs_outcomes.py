"""What comes back from the stations by file."""

from casework import take_feed as taking
from casework.deps import Deps


async def take_feed(deps: Deps) -> int:
    """Take the batches that were dropped and try again what was set aside; returns how many lines were taken in hand.

    A long batch is taken in slices: the next tick goes on where this one stopped.
    """
    return await taking.take_feed(deps)
