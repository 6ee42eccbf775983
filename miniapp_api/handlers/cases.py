"""Hop 2 and the way after it: opening, following, withdrawing a case, and naming who collects the card."""

from casework import open_case as opening
from casework import release_card, request_temporary_card, track, withdraw
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import CaseLine, CaseView, NoticeView, ProxyView
from miniapp_api.case_shapes import NewCase, UrgentNeed
from miniapp_api.reading import Key
from miniapp_api.shapes import CollectorName, PathText


async def open_case(deps: Deps, citizen: Citizen, body: NewCase, key: Key) -> CaseView:
    """Open a case."""
    return await opening.open_case(deps, citizen, body.wish(), key)


async def ask_for_temporary_card(
    deps: Deps, citizen: Citizen, number: PathText, body: UrgentNeed, key: Key
) -> CaseView:
    """Ask for a temporary card beside the identity card of this case; the answer is the temporary card's own case."""
    return await request_temporary_card.request_temporary_card(deps, citizen, number, body.need, key, body.delivery)


async def list_cases(deps: Deps, citizen: Citizen) -> tuple[CaseLine, ...]:
    """List the account's cases, names masked."""
    return await track.my_cases(deps, citizen)


async def read_case(deps: Deps, citizen: Citizen, number: PathText) -> CaseView:
    """Read one case: its state, what is missing, the next step and its history."""
    return await track.my_case(deps, citizen, number)


async def list_notices(deps: Deps, citizen: Citizen, number: PathText) -> tuple[NoticeView, ...]:
    """List what we told about a case, and whether it went out."""
    return await track.my_notices(deps, citizen, number)


async def withdraw_case(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> CaseView:
    """Withdraw a case before it is accepted; its place is given back."""
    return await withdraw.withdraw(deps, citizen, number, key)


async def name_collector(deps: Deps, citizen: Citizen, number: PathText, body: CollectorName, key: Key) -> ProxyView:
    """Name the relative who will collect the card."""
    return await release_card.name_collector(deps, citizen, number, body.name, body.identity_number, body.kinship, key)
