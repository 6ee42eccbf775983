"""What is announced to everybody: outages, news, policies explained."""

from casework import announce
from casework.announce import AnnouncementView
from casework.deps import Deps
from miniapp_api.shapes import AnnouncementsQuery


async def list_announcements(deps: Deps, query: AnnouncementsQuery) -> tuple[AnnouncementView, ...]:
    """List what is announced now, newest first: about a place and all it lies in, a point, a service, or everything."""
    return await announce.current_announcements(deps, division=query.division, point_code=query.point, item=query.item)
