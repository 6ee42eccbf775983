"""The tables of states, one per item (R037, R072, R105, R120–R122, R160–R169, B20, B21)."""

from itertools import product

import pytest

from domain.lifecycle import ENDED, LIVE, OWNER, TRANSITIONS, Owner, already_past, from_states, next_state
from domain.refusal import Refusal
from domain.terms import CaseEventKind as Kind
from domain.terms import CaseState as State
from domain.terms import ServiceItem

ID_CARD, TEMPORARY, CERTIFICATE = ServiceItem
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
TEMPORARY_CARD = [
    (Kind.ACCEPTED, State.ACCEPTED),
    (Kind.PRODUCTION_STARTED, State.IN_PRODUCTION),
    (Kind.MADE, State.READY),
    (Kind.RELEASED, State.RELEASED),
    (Kind.HANDED_BACK, State.CLOSED),
]
ON_THE_SPOT = [
    (Kind.ACCEPTED, State.ACCEPTED),
    (Kind.CERTIFIED, State.READY),
    (Kind.RELEASED, State.RELEASED),
    (Kind.CLOSED, State.CLOSED),
]
BY_OFFICER = [
    (Kind.ACCEPTED, State.ACCEPTED),
    (Kind.MATERIALS_SENT, State.TRANSMITTED),
    (Kind.MATERIALS_SENT, State.TRANSMITTED),
    (Kind.REVIEW_STARTED, State.UNDER_REVIEW),
    (Kind.CONTENT_CONFIRMED, State.CONFIRMED),
    (Kind.CERTIFIED, State.READY),
    (Kind.RELEASED, State.RELEASED),
    (Kind.CLOSED, State.CLOSED),
]


@pytest.mark.parametrize(
    ("item", "way"),
    [(ID_CARD, TO_STATION), (TEMPORARY, TEMPORARY_CARD), (CERTIFICATE, ON_THE_SPOT), (CERTIFICATE, BY_OFFICER)],
)
def test_the_way_from_open_to_closed(item: ServiceItem, way: list[tuple[Kind, State]]) -> None:
    state = State.OPEN
    for kind, following in way:
        state = next_state(item, state, kind)
        assert state is following


def test_by_post_there_is_no_arrival() -> None:
    assert next_state(ID_CARD, State.DISPATCHED, Kind.RECEIVED_BY_POST) is State.RELEASED
    with pytest.raises(Refusal):
        next_state(ID_CARD, State.ARRIVED, Kind.RECEIVED_BY_POST)


def test_every_step_outside_the_table_of_its_item_is_out_of_order() -> None:
    for item, state, kind in product(ServiceItem, State, Kind):
        if (state, kind) not in TRANSITIONS[item]:
            with pytest.raises(Refusal, match="step_out_of_order") as caught:
                next_state(item, state, kind)
            assert caught.value.facts == {"state": state.value, "step": kind.value}


def test_nothing_leaves_an_ended_state_and_every_live_one_can_be_left() -> None:
    assert {state for table in TRANSITIONS.values() for state, _ in table} == LIVE
    ended = {State.DECLINED, State.WITHDRAWN, State.LAPSED, State.ISSUANCE_REFUSED, State.CLOSED}
    assert {*ended, State.UNVERIFIABLE, State.VOID} == ENDED


def test_every_state_is_reached_from_open_and_leads_to_an_end() -> None:
    everywhere: set[State] = set()
    for table in TRANSITIONS.values():
        reached = {State.OPEN}
        for _ in State:
            reached |= {after for (before, _), after in table.items() if before in reached}
        everywhere |= reached
        assert {before for before, _ in table} == reached - ENDED
    assert everywhere == set(State)


def test_only_an_open_case_is_withdrawn_lapsed_or_declined() -> None:
    for item, kind in product(ServiceItem, (Kind.WITHDRAWN, Kind.LAPSED, Kind.DECLINED)):
        assert from_states(item, kind) == {State.OPEN}


def test_an_officer_cancels_a_certificate_until_it_is_issued() -> None:
    """H12."""
    before_issue = {State.ACCEPTED, State.TRANSMITTED, State.UNDER_REVIEW, State.CONFIRMED}
    assert from_states(CERTIFICATE, Kind.CANCELLED) == before_issue
    assert {next_state(CERTIFICATE, state, Kind.CANCELLED) for state in before_issue} == {State.WITHDRAWN}


def test_a_temporary_card_is_void_until_the_person_holds_it() -> None:
    """B21: where the identity card is refused there is no temporary card."""
    assert from_states(TEMPORARY, Kind.VOIDED) == {State.OPEN, State.ACCEPTED, State.IN_PRODUCTION, State.READY}


def test_each_state_has_exactly_one_owner() -> None:
    assert set(OWNER) == set(State)
    assert {state for state, owner in OWNER.items() if owner is Owner.NOBODY} == ENDED


def test_a_late_duplicate_report_is_told_from_an_early_one() -> None:
    assert already_past(ID_CARD, State.ISSUED, Kind.REVIEW_STARTED)
    assert already_past(ID_CARD, State.ISSUED, Kind.ISSUED)
    assert already_past(ID_CARD, State.CLOSED, Kind.DISPATCHED)
    assert not already_past(ID_CARD, State.ACCEPTED, Kind.ISSUED)
    assert not already_past(ID_CARD, State.ISSUANCE_REFUSED, Kind.ISSUED)
    assert not already_past(ID_CARD, State.ISSUED, Kind.ISSUANCE_REFUSED)
