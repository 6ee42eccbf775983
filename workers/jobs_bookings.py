"""Places and visits as time goes by: holds that ran out, waiting lists, closures, visits missed, rules that changed."""

from casework import count_no_shows as counting
from casework import recheck_visits as rechecking
from casework import tend_places as tending
from casework.announce import act_on_outages
from casework.deps import Deps


async def tend_places(deps: Deps) -> int:
    """Close what outages reach, free holds that ran out, serve the waiting lists, move whom a closure left behind;
    returns how much was done."""
    return await act_on_outages(deps) + await tending.tend_places(deps)


async def count_no_shows(deps: Deps) -> int:
    """Count the visits that were not kept (T12); returns how many."""
    return await counting.count_no_shows(deps)


async def recheck_visits(deps: Deps) -> int:
    """Ask the rules anew about the visits ahead (T10); returns how many persons were told of a change."""
    return await rechecking.recheck_visits(deps)
