"""The life of a case as one written table, and who owns each state.

Before the counter a case has one state, ``OPEN``. From acceptance on, a state is only ever reported by the place that
decides it (R072, R132); nothing here decides, it only says which report may follow which.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.refusal import Refusal
from domain.terms import CaseEventKind as Kind
from domain.terms import CaseState as State


class Owner(StrEnum):
    """Who has to act next: each state has exactly one owner (R037)."""

    CITIZEN = "citizen"
    ACCEPTANCE_STATION = "acceptance_station"
    HOUSEHOLD_STATION = "household_station"
    CARD_CENTRE = "card_centre"
    NOBODY = "nobody"


TRANSITIONS: Mapping[tuple[State, Kind], State] = MappingProxyType(
    {
        (State.OPEN, Kind.ACCEPTED): State.ACCEPTED,
        (State.OPEN, Kind.DECLINED): State.DECLINED,
        # A citizen may withdraw, and idleness lapses a case, only before acceptance: later the case is a police matter.
        (State.OPEN, Kind.WITHDRAWN): State.WITHDRAWN,
        (State.OPEN, Kind.LAPSED): State.LAPSED,
        (State.ACCEPTED, Kind.REVIEW_STARTED): State.UNDER_REVIEW,
        (State.UNDER_REVIEW, Kind.ISSUED): State.ISSUED,
        # The end of the road here; the citizen goes to the household place (R105, R106).
        (State.UNDER_REVIEW, Kind.ISSUANCE_REFUSED): State.ISSUANCE_REFUSED,
        (State.ISSUED, Kind.PRODUCTION_STARTED): State.IN_PRODUCTION,
        (State.IN_PRODUCTION, Kind.DISPATCHED): State.DISPATCHED,
        (State.DISPATCHED, Kind.ARRIVAL_REGISTERED): State.ARRIVED,
        (State.ARRIVED, Kind.RELEASED): State.RELEASED,
        # By post there is no arrival at the counter: the signature on the letter is the release (R113, R122).
        (State.DISPATCHED, Kind.RECEIVED_BY_POST): State.RELEASED,
        # Straight away after collection in person; after proxy or post once the later check is recorded (R122).
        (State.RELEASED, Kind.CLOSED): State.CLOSED,
    }
)

ENDED: frozenset[State] = frozenset(
    {State.DECLINED, State.WITHDRAWN, State.LAPSED, State.ISSUANCE_REFUSED, State.CLOSED}
)
LIVE: frozenset[State] = frozenset(State) - ENDED

OWNER: Mapping[State, Owner] = MappingProxyType(
    {
        State.OPEN: Owner.CITIZEN,
        State.ACCEPTED: Owner.ACCEPTANCE_STATION,
        State.UNDER_REVIEW: Owner.HOUSEHOLD_STATION,
        State.ISSUED: Owner.CARD_CENTRE,
        State.IN_PRODUCTION: Owner.CARD_CENTRE,
        State.DISPATCHED: Owner.ACCEPTANCE_STATION,
        State.ARRIVED: Owner.CITIZEN,
        State.RELEASED: Owner.ACCEPTANCE_STATION,
        **dict.fromkeys(ENDED, Owner.NOBODY),
    }
)


def next_state(state: State, kind: Kind) -> State:
    """The state an event leads to. Raises Refusal ``step_out_of_order`` when the table has no such edge."""
    following = TRANSITIONS.get((state, kind))
    if following is None:
        raise Refusal("step_out_of_order", source="R037", state=state.value, step=kind.value)
    return following


def from_states(kind: Kind) -> frozenset[State]:
    """The states an event may be reported in: what a compare-and-set has to name."""
    return frozenset(state for state, event in TRANSITIONS if event is kind)


def already_past(state: State, kind: Kind) -> bool:
    """True when ``state`` is where the event leads or lies behind it: a late duplicate, to be logged and not raised."""
    return any(state in _reachable(after) for (_, event), after in TRANSITIONS.items() if event is kind)


def _reachable(state: State) -> frozenset[State]:
    following = [after for (before, _), after in TRANSITIONS.items() if before is state]
    return frozenset({state}).union(*map(_reachable, following))
