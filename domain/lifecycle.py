"""The life of a case as one written table per item, and who owns each state.

Before the counter a case has one state, ``OPEN``. From acceptance on, a state is only ever reported by the place that
decides it (R072, R132); nothing here decides, it only says which report may follow which.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from domain.refusal import Refusal
from domain.terms import CaseEventKind as Kind
from domain.terms import CaseState as State
from domain.terms import ServiceItem


class Owner(StrEnum):
    """Who has to act next: each state has exactly one owner (R037)."""

    CITIZEN = "citizen"
    ACCEPTANCE_STATION = "acceptance_station"
    HOUSEHOLD_STATION = "household_station"
    CARD_CENTRE = "card_centre"
    NOBODY = "nobody"


Table: TypeAlias = Mapping[tuple[State, Kind], State]

_AT_THE_COUNTER: Table = {
    (State.OPEN, Kind.ACCEPTED): State.ACCEPTED,
    (State.OPEN, Kind.DECLINED): State.DECLINED,
    # A citizen may withdraw, and idleness lapses a case, only before acceptance: later the case is a police matter.
    (State.OPEN, Kind.WITHDRAWN): State.WITHDRAWN,
    (State.OPEN, Kind.LAPSED): State.LAPSED,
}
_ID_CARD: Table = {
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
_TEMPORARY_CARD: Table = {
    # Accepted, it waits; making begins once the household place has issued the identity card (B21).
    (State.ACCEPTED, Kind.PRODUCTION_STARTED): State.IN_PRODUCTION,
    (State.IN_PRODUCTION, Kind.MADE): State.READY,
    (State.READY, Kind.RELEASED): State.RELEASED,
    (State.RELEASED, Kind.HANDED_BACK): State.CLOSED,
    # Whatever ends the application it hangs on ends it too, unless the person holds it already.
    **dict.fromkeys(
        [(state, Kind.VOIDED) for state in (State.OPEN, State.ACCEPTED, State.IN_PRODUCTION, State.READY)], State.VOID
    ),
}
_CERTIFICATE: Table = {
    (State.ACCEPTED, Kind.CERTIFIED): State.READY,  # on the spot (R169)
    (State.ACCEPTED, Kind.MATERIALS_SENT): State.TRANSMITTED,
    (State.TRANSMITTED, Kind.MATERIALS_SENT): State.TRANSMITTED,  # a fax that did not get through is sent again
    (State.TRANSMITTED, Kind.REVIEW_STARTED): State.UNDER_REVIEW,
    (State.UNDER_REVIEW, Kind.CONTENT_CONFIRMED): State.CONFIRMED,
    # The end of the road here; the citizen goes to the household station (R166).
    (State.UNDER_REVIEW, Kind.UNVERIFIABLE): State.UNVERIFIABLE,
    (State.CONFIRMED, Kind.CERTIFIED): State.READY,
    # Until it is issued the person may ask the counter to stop (H12); only an officer may, for papers are on their way.
    **dict.fromkeys(
        [(state, Kind.CANCELLED) for state in (State.ACCEPTED, State.TRANSMITTED, State.UNDER_REVIEW, State.CONFIRMED)],
        State.WITHDRAWN,
    ),
    (State.READY, Kind.RELEASED): State.RELEASED,
    # Straight away, or once the household station has the filing notice of one issued on the spot (R169).
    (State.RELEASED, Kind.CLOSED): State.CLOSED,
}
TRANSITIONS: Mapping[ServiceItem, Table] = MappingProxyType(
    {
        ServiceItem.ID_CARD_FIRST_APPLICATION: MappingProxyType({**_AT_THE_COUNTER, **_ID_CARD}),
        ServiceItem.TEMPORARY_ID_CARD: MappingProxyType({**_AT_THE_COUNTER, **_TEMPORARY_CARD}),
        ServiceItem.HOUSEHOLD_CERTIFICATE: MappingProxyType({**_AT_THE_COUNTER, **_CERTIFICATE}),
    }
)
MOVING: frozenset[Kind] = frozenset(kind for table in TRANSITIONS.values() for _, kind in table)
"""The events that move a case; all others are facts."""

ENDED: frozenset[State] = frozenset(
    {
        State.DECLINED,
        State.WITHDRAWN,
        State.LAPSED,
        State.ISSUANCE_REFUSED,
        State.UNVERIFIABLE,
        State.VOID,
        State.CLOSED,
    }
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
        State.TRANSMITTED: Owner.HOUSEHOLD_STATION,
        State.CONFIRMED: Owner.ACCEPTANCE_STATION,
        State.READY: Owner.CITIZEN,
        **dict.fromkeys(ENDED, Owner.NOBODY),
    }
)


def next_state(item: ServiceItem, state: State, kind: Kind) -> State:
    """The state an event leads to. Raises Refusal ``step_out_of_order`` when the item's table has no such edge."""
    following = TRANSITIONS[item].get((state, kind))
    if following is None:
        raise Refusal("step_out_of_order", source="R037", state=state.value, step=kind.value)
    return following


def from_states(item: ServiceItem, kind: Kind) -> frozenset[State]:
    """The states an event may be reported in: what a compare-and-set has to name."""
    return frozenset(state for state, event in TRANSITIONS[item] if event is kind)


def already_past(item: ServiceItem, state: State, kind: Kind) -> bool:
    """True when ``state`` is where the event leads or lies behind it: a late duplicate, to be logged and not raised."""
    table = TRANSITIONS[item]
    return any(state in _reachable(table, after) for (_, event), after in table.items() if event is kind)


def _reachable(table: Table, state: State) -> frozenset[State]:
    following = [after for (before, _), after in table.items() if before is state and after is not state]
    return frozenset({state}).union(*(_reachable(table, after) for after in following))
