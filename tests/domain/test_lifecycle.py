"""The one table of states (R037, R072, R105, R120–R122)."""

from itertools import product

import pytest

from domain.lifecycle import ENDED, LIVE, OWNER, TRANSITIONS, Owner, already_past, from_states, next_state
from domain.refusal import Refusal
from domain.terms import CaseEventKind as Kind
from domain.terms import CaseState as State

TO_STATION = [
    (Kind.ACCEPTED, State.ACCEPTED),
    (Kind.REVIEW_STARTED, State.UNDER_REVIEW),
    (Kind.ISSUED, State.ISSUED),
    (Kind.PRODUCTION_STARTED, State.IN_PRODUCTION),
    (Kind.DISPATCHED, State.DISPATCHED),
    (Kind.ARRIVAL_REGISTERED, State.ARRIVED),
    (Kind.RELEASED, State.RELEASED),
    (Kind.CLOSED, State.CLOSED),
]


def test_the_way_from_open_to_closed() -> None:
    state = State.OPEN
    for kind, following in TO_STATION:
        state = next_state(state, kind)
        assert state is following


def test_by_post_there_is_no_arrival() -> None:
    assert next_state(State.DISPATCHED, Kind.RECEIVED_BY_POST) is State.RELEASED
    with pytest.raises(Refusal):
        next_state(State.ARRIVED, Kind.RECEIVED_BY_POST)


@pytest.mark.parametrize(("state", "kind"), [p for p in product(State, Kind) if p not in TRANSITIONS])
def test_every_step_outside_the_table_is_out_of_order(state: State, kind: Kind) -> None:
    with pytest.raises(Refusal, match="step_out_of_order") as caught:
        next_state(state, kind)
    assert caught.value.facts == {"state": state.value, "step": kind.value}


def test_nothing_leaves_an_ended_state_and_every_live_one_can_be_left() -> None:
    leaving = {state for state, _ in TRANSITIONS}
    assert leaving == LIVE
    assert {State.DECLINED, State.WITHDRAWN, State.LAPSED, State.ISSUANCE_REFUSED, State.CLOSED} == ENDED


def test_every_state_is_reached_from_open() -> None:
    reached = {State.OPEN}
    for _ in State:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(State)


def test_only_an_open_case_is_withdrawn_lapsed_or_declined() -> None:
    for kind in (Kind.WITHDRAWN, Kind.LAPSED, Kind.DECLINED):
        assert from_states(kind) == {State.OPEN}


def test_each_state_has_exactly_one_owner() -> None:
    assert set(OWNER) == set(State)
    assert {state for state, owner in OWNER.items() if owner is Owner.NOBODY} == ENDED


def test_a_late_duplicate_report_is_told_from_an_early_one() -> None:
    assert already_past(State.ISSUED, Kind.REVIEW_STARTED)
    assert already_past(State.ISSUED, Kind.ISSUED)
    assert already_past(State.CLOSED, Kind.DISPATCHED)
    assert not already_past(State.ACCEPTED, Kind.ISSUED)
    assert not already_past(State.ISSUANCE_REFUSED, Kind.ISSUED)
    assert not already_past(State.ISSUED, Kind.ISSUANCE_REFUSED)
