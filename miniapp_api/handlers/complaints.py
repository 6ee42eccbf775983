"""Complaints and suggestions (R198)."""

from casework import complain as acts
from casework.callers import Citizen
from casework.complaint_views import ComplaintView
from casework.deps import Deps
from miniapp_api.reading import Key
from miniapp_api.return_shapes import AddedWord, NewComplaint
from miniapp_api.shapes import PathText


async def open_complaint(deps: Deps, citizen: Citizen, body: NewComplaint, key: Key) -> ComplaintView:
    """Complain or suggest; the answer says the number and until when it is answered."""
    return await acts.open_complaint(deps, citizen, body.wish(), key)


async def list_complaints(deps: Deps, citizen: Citizen) -> tuple[ComplaintView, ...]:
    """List the account's complaints and suggestions, newest first."""
    return await acts.my_complaints(deps, citizen)


async def read_complaint(deps: Deps, citizen: Citizen, number: PathText) -> ComplaintView:
    """Read one, with its answer once there is one."""
    return await acts.my_complaint(deps, citizen, number)


async def add_word(deps: Deps, citizen: Citizen, number: PathText, body: AddedWord, key: Key) -> ComplaintView:
    """Add a word to one, also after its answer."""
    return await acts.add_word(deps, citizen, number, body.text, key)
