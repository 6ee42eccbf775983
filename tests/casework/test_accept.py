"""At the counter: nothing is accepted before everything was seen, and a number is given once."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from casework.accept import DECLINE_REASONS, DeclineReason, accept, confirm_letter, decline, list_supplements
from casework.callers import Officer
from casework.deps import Deps
from casework.track import my_case, my_notices
from casework.withdraw import withdraw
from domain.terms import CaseEventKind, CaseState, NoticeKind, SignatureMethod
from models.approval import Approval
from models.case import Case, CaseEvent
from models.notice import Notice
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import ITEM, JIUJIANG, NANCHANG, Town, identity_number, key
from tests.casework.way import ACROSS, GUANGDONG, MINOR, Kind, Way, at_hour, gone, person, set_out


async def insist_refused(way: Way, code: str, **wrong: Any) -> None:
    clerk = await way.town.clerk(way.kind.point)
    acceptance = await way.acceptance(**wrong)
    with refused(code):
        await accept(way.deps, clerk, way.number, acceptance)
    case = await Case.get(number=way.number)
    assert (case.state, case.acceptance_number) == (CaseState.OPEN, None)


async def test_what_the_clerk_stated_stays_in_the_event_by_names_not_by_values(town: Town) -> None:
    way = await gone(town, "confirmed")
    acceptance = await way.acceptance(differences={"household_address": "江西省赣州市章贡区别的路9号"})
    accepted = await accept(town.deps, await town.clerk(), way.number, acceptance)
    assert (accepted.state, accepted.acceptance_number) == (CaseState.ACCEPTED, way.acceptance_number)
    event = await CaseEvent.get(kind=CaseEventKind.ACCEPTED)
    assert event.facts["differing_fields"] == ["household_address"]
    assert "别的路" not in str(event.facts)
    assert (event.actor, event.unit) == ("staff:clerk-t-nc", "演示受理点T-NC")  # C6.1


async def test_nothing_is_accepted_before_the_person_is_checked_in(town: Town) -> None:
    way = await gone(town, "signed")
    await insist_refused(way, "not_checked_in")


async def test_every_original_must_have_been_seen(town: Town) -> None:
    way = await gone(town, "confirmed")
    seen = (await way.acceptance()).materials_seen
    assert len(seen) == 2
    for material in seen:
        await insist_refused(way, "materials_incomplete", materials_seen=tuple(m for m in seen if m != material))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"checks": ("compared",)}, "face_check_required"),
        ({"checks": ("face_check_done",)}, "face_check_required"),
        ({"slip_number": "  "}, "slip_number_required"),
        ({"acceptance_number": ""}, "acceptance_number_malformed"),
        ({"acceptance_number": "12345"}, "acceptance_number_malformed"),
        ({"acceptance_number": "9" * 33}, "acceptance_number_malformed"),
        ({"acceptance_number": "受理号0000000001"}, "acceptance_number_malformed"),
    ],
)
async def test_an_acceptance_states_what_the_law_asks(wrong: dict[str, Any], code: str, town: Town) -> None:
    await insist_refused(await gone(town, "confirmed"), code, **wrong)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"checks": ("same_frame_photo", "face_check_done", "compared")}, "guardian_presence_required"),
        ({"checks": ("guardian_present", "face_check_done", "compared")}, "same_frame_photo_required"),
    ],
)
async def test_a_minor_is_accepted_with_guardian_and_same_frame_photo_only(
    wrong: dict[str, Any], code: str, town: Town
) -> None:
    way = await gone(town, "confirmed", MINOR)
    await insist_refused(way, code, **wrong)
    assert (await way.accept()).state is CaseState.ACCEPTED


async def test_a_phone_signature_counts_once_the_clerk_confirmed_it(town: Town) -> None:
    way = await gone(town, "checked_in")
    await insist_refused(way, "letter_unconfirmed")
    await way.confirm()
    assert (await way.accept()).letter.standing == "confirmed"


async def test_a_letter_on_paper_is_recorded_by_the_clerk(town: Town) -> None:
    way = await gone(town, "checked_in", ACROSS)
    await insist_refused(way, "letter_unconfirmed")
    clerk = await town.clerk(ACROSS.point)
    with refused("letter_not_signed"):
        await confirm_letter(town.deps, clerk, way.number, SignatureMethod.PHONE)
    confirmed = await confirm_letter(town.deps, clerk, way.number, SignatureMethod.PAPER)
    assert (confirmed.letter.standing, confirmed.letter.method) == ("confirmed", SignatureMethod.PAPER)
    assert (await way.accept()).state is CaseState.ACCEPTED


async def test_a_letter_is_confirmed_once(town: Town) -> None:
    way, clerk = await gone(town, "checked_in"), await town.clerk()
    verdicts = await at_once(
        confirm_letter(town.deps, clerk, way.number, method)
        for method in (SignatureMethod.PHONE, SignatureMethod.PAPER)
    )
    assert verdicts == {DONE: 1, "letter_already_signed": 1}


async def test_where_no_letter_is_needed_none_is_confirmed(town: Town) -> None:
    way = await gone(town, "checked_in", GUANGDONG)
    with refused("letter_not_required"):
        await confirm_letter(town.deps, await town.clerk(GUANGDONG.point), way.number, SignatureMethod.PAPER)
    assert (await way.accept()).state is CaseState.ACCEPTED


async def test_an_acceptance_number_belongs_to_one_case(town: Town) -> None:
    first, second = await gone(town, "accepted"), await gone(town, "confirmed")
    await insist_refused(second, "acceptance_number_used", acceptance_number=first.acceptance_number)
    await insist_refused(
        second,
        "acceptance_number_used",
        acceptance_number=f" {first.acceptance_number[:4]}-" + first.acceptance_number[4:],
    )
    assert (await second.accept()).state is CaseState.ACCEPTED


async def test_one_acceptance_number_typed_at_two_counters_at_once_is_given_once(town: Town) -> None:
    ways = [await gone(town, "confirmed") for _ in range(4)]
    clerk = await town.clerk()
    stated = [await way.acceptance(acceptance_number=ways[0].acceptance_number) for way in ways]
    verdicts = await at_once(accept(town.deps, clerk, way.number, one) for way, one in zip(ways, stated, strict=True))
    assert verdicts == {DONE: 1, "acceptance_number_used": 3}
    assert await Case.filter(state=CaseState.ACCEPTED).count() == 1


async def test_two_officers_at_once_accept_one_case_once(town: Town) -> None:
    way = await gone(town, "confirmed")
    clerk, stated = (
        await town.clerk(),
        [await way.acceptance(), await way.acceptance(acceptance_number="3601999999999")],
    )
    verdicts = await at_once(accept(town.deps, clerk, way.number, one) for one in stated)
    assert verdicts[DONE] == 1
    assert await CaseEvent.filter(kind=CaseEventKind.ACCEPTED).count() == 1
    assert await Notice.filter(kind=NoticeKind.ACCEPTED).count() == 1


async def test_accepting_and_withdrawing_at_once_ends_in_one_of_them(town: Town) -> None:
    for _ in range(3):
        way = await gone(town, "confirmed")
        clerk, stated = await town.clerk(), await way.acceptance()
        acts: list[Awaitable[Any]] = [
            accept(town.deps, clerk, way.number, stated),
            withdraw(town.deps, way.citizen, way.number, key()),
        ]
        verdicts = await at_once(acts)
        assert verdicts[DONE] == 1
        case = await Case.get(number=way.number)
        assert (case.acceptance_number is not None) == (case.state is CaseState.ACCEPTED)


async def test_a_check_in_ends_with_its_day_so_nobody_turns_16_between_scan_and_acceptance(town: Town) -> None:
    """R076, D5: the person stands at the counter when accepted, and that day decides the age."""
    facts = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 21)))
    way = await (await set_out(town, MINOR, facts=facts)).until("confirmed")
    acceptance = await way.acceptance()
    town.clock.set(date(2026, 9, 21))
    with refused("not_checked_in"):
        await accept(town.deps, await town.clerk(JIUJIANG), way.number, acceptance)


async def test_booking_anew_ends_the_visit(town: Town) -> None:
    way = await gone(town, "confirmed")
    acceptance = await way.acceptance()
    await way.book()
    with refused("rebooked_meanwhile"):
        await accept(town.deps, await town.clerk(), way.number, acceptance)
    await way.check_in()
    assert (await way.accept()).state is CaseState.ACCEPTED


@pytest.mark.parametrize("reason", DECLINE_REASONS[ITEM])
async def test_who_is_declined_is_told_why_and_where_to_go(reason: DeclineReason, town: Town) -> None:
    way = await gone(town, "checked_in")
    declined = await decline(town.deps, await town.clerk(), way.number, reason, "请材料齐全后再来")
    assert declined.state is CaseState.DECLINED
    told = (await my_notices(town.deps, way.citizen, way.number))[-1]
    assert told.kind is NoticeKind.DECLINED
    assert "_" not in told.text
    case = await my_case(town.deps, way.citizen, way.number)
    assert case.state is CaseState.DECLINED
    assert (await way.open()).number != declined.number


async def test_supplements_are_listed_once_and_in_full(town: Town) -> None:
    way, clerk = await gone(town, "checked_in"), await town.clerk()
    for nothing in ([], ["", "  "]):
        with refused("supplements_empty"):
            await list_supplements(town.deps, clerk, way.number, nothing)
    listed = await list_supplements(town.deps, clerk, way.number, ["劳动合同原件", " 居民户口簿 ", ""])
    assert (listed.state, listed.checked_in) == (CaseState.OPEN, False)
    assert "劳动合同原件、居民户口簿" in (await my_notices(town.deps, way.citizen, way.number))[-1].text


async def test_after_supplements_the_person_books_comes_again_and_is_accepted(town: Town) -> None:
    way, clerk = await gone(town, "checked_in"), await town.clerk()
    await list_supplements(town.deps, clerk, way.number, ["劳动合同原件"])
    await insist_refused(way, "not_checked_in")
    with refused("not_ready_for_handoff", missing=["booking"]):
        await way.code()
    town.clock.set(date(2026, 9, 21))
    await way.book(at_hour(date(2026, 9, 21), 10))
    again = await way.check_in()
    assert "list_supplements" not in again.may
    with refused("supplements_already_listed"):
        await list_supplements(town.deps, await town.clerk(), way.number, ["还要一张"])
    await way.confirm()
    assert (await way.accept()).state is CaseState.ACCEPTED


async def test_supplements_listed_twice_at_once_are_listed_once(town: Town) -> None:
    way, clerk = await gone(town, "checked_in"), await town.clerk()
    verdicts = await at_once(list_supplements(town.deps, clerk, way.number, [f"材料{n}"]) for n in range(4))
    assert verdicts[DONE] == 1
    assert await CaseEvent.filter(kind=CaseEventKind.SUPPLEMENTS_LISTED).count() == 1


Act = Callable[[Deps, Officer, Way], Awaitable[Any]]


async def _accept(deps: Deps, officer: Officer, way: Way) -> None:
    await accept(deps, officer, way.number, await way.acceptance())


ACTS: dict[str, Act] = {
    "accept": _accept,
    "decline": lambda deps, officer, way: decline(deps, officer, way.number, DeclineReason.DATA_MISMATCH),
    "list": lambda deps, officer, way: list_supplements(deps, officer, way.number, ["一件"]),
    "confirm": lambda deps, officer, way: confirm_letter(deps, officer, way.number, SignatureMethod.PHONE),
}


@pytest.mark.parametrize("act", ACTS)
async def test_only_a_clerk_of_the_station_acts(act: str, town: Town) -> None:
    way = await gone(town, "checked_in")
    with refused("case_of_other_station"):
        await ACTS[act](town.deps, await town.clerk(JIUJIANG), way)
    for username in ("reviewer", "auditor"):
        with refused("staff_role_missing"):
            await ACTS[act](town.deps, await town.officer(username), way)


@pytest.mark.parametrize("act", ACTS)
async def test_nothing_is_done_at_the_counter_without_the_person(act: str, town: Town) -> None:
    way = await gone(town, "signed")
    with refused("not_checked_in"):
        await ACTS[act](town.deps, await town.clerk(), way)


@pytest.mark.parametrize("act", ACTS)
async def test_nothing_is_done_before_the_clerk_said_who_stands_there(act: str, town: Town) -> None:
    """T13: whichever door asks; the word of yesterday, or of a scan that was followed by another, is none."""
    way = await gone(town, "signed")
    await way.scan()
    with refused("presence_required"):
        await ACTS[act](town.deps, await town.clerk(), way)
    await way.present()
    await way.book()
    await way.scan()
    with refused("presence_required"):
        await ACTS[act](town.deps, await town.clerk(), way)


@pytest.mark.parametrize("act", ACTS)
async def test_nothing_is_done_with_a_minor_s_case_once_leave_has_ended(act: str, town: Town) -> None:
    """B51: leave is asked for at the act, not only where the page is drawn."""
    way = await gone(town, "checked_in", MINOR)
    await Approval.all().update(ended_at=town.clock.now())
    with refused("minor_leave_required"):
        await ACTS[act](town.deps, await town.clerk(JIUJIANG), way)
    assert (await Case.get(number=way.number)).state is CaseState.OPEN


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("stop", "kind"), [("accepted", MINOR)])
async def test_nothing_is_done_twice(act: str, stop: str, kind: Kind, town: Town) -> None:
    way = await gone(town, stop, kind)
    with refused("case_not_open", state=CaseState.ACCEPTED):
        await ACTS[act](town.deps, await town.clerk(kind.point), way)
    assert kind.point != NANCHANG
