"""A person's visits: what lies ahead, what was missed, and an appeal against that."""

from casework import count_no_shows
from casework.booking_views import VisitsView
from casework.callers import Citizen
from casework.deps import Deps
from miniapp_api.shapes import AppealText, PathId


async def list_visits(deps: Deps, citizen: Citizen) -> VisitsView:
    """List the visits ahead and those missed, with how many count and until when."""
    return await count_no_shows.my_visits(deps, citizen)


async def appeal_visit(deps: Deps, citizen: Citizen, visit_id: PathId, body: AppealText) -> VisitsView:
    """Say why a missed visit should not count; the station decides."""
    return await count_no_shows.appeal(deps, citizen, visit_id, body.text)
