"""Where a case may be taken: at a point of the residence's city, a temporary card at the station of its parent."""

from casework.deps import Deps
from casework.find_place import Desk, insist_acceptance_place
from casework.invite import insist_invited
from domain.division import find_division
from domain.refusal import Refusal
from domain.temporary_card import temporary_card_rule
from domain.terms import CaseState
from models.case import Case, find_case_by_id


async def insist_station(deps: Deps, case: Case, desk: Desk) -> None:
    """The application is made where the person lives (R021, R030); a temporary card where the identity card is (B21).

    Raises:
        Refusal: ``station_elsewhere``, ``temporary_card_other_station``, ``temporary_card_rides_along``,
            ``invitation_required_here`` (R019).
    """
    insist_acceptance_place(case, desk)
    if desk.on_trial(deps.today()):
        await insist_invited(deps, case.account_id, desk.point, desk.item)
    if case.parent_id is None:
        return
    parent = await find_case_by_id(case.parent_id)
    if parent.state is CaseState.OPEN:
        raise Refusal("temporary_card_rides_along", source="B20", number=parent.number)
    rule = temporary_card_rule(deps.rulebook.on(deps.today()), find_division(case.residence_division))
    station = parent.acceptance_point
    if rule.same_station and station is not None and station.id != desk.point.id:
        raise Refusal("temporary_card_other_station", source=rule.source, station=station.name)
