"""The files of signed letters: set, sealed and kept, after the signature."""

from casework.deps import Deps
from casework.make_letters import make_due


async def make_letters(deps: Deps) -> int:
    """Make every file that is owed; returns how many were taken in hand.

    Two workers at once never make the same file: each is leased in the database, and a dead worker's lease runs out.
    """
    return await make_due(deps)
