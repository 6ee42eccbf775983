"""Masked first, the whole after the clerk's word; a minor's data by a supervisor's leave too (T13, B51, C6.12)."""

import asyncio
from datetime import timedelta

from casework.book import book
from casework.deps import Deps
from casework.find_place import free_slots
from casework.track import my_case
from domain.terms import CaseState
from models.approval import Approval
from models.audit import AuditEntry
from models.case import Case, CaseEvent
from models.slot import Booking
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console
from tests.counter.people import ITEM, NANCHANG, Walker, adult, code_of, crosser, key, minor
from tests.workers.wiring import TurnedClock

ADDRESS = "江西省赣州市章贡区演示路2号"


async def scanned(console: Console, deps: Deps, walker: Walker) -> str:
    """The path of the case after a scan."""
    assert (await console.scan(await code_of(deps, walker))).status == 303
    return f"/cases/{walker.number}"


async def test_a_scan_shows_masked_data_and_nothing_to_decide(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    page = await console.get(here)
    assert "示***" in page.text
    for hidden in (walker.name, walker.identity_number, ADDRESS, "13800000000"):
        assert hidden not in page.html
    assert not any(page.offers(f"{here}/{act}") for act in ("acceptance", "decline", "supplements", "letter"))


async def test_the_clerk_s_word_opens_the_whole_and_stays_on_record(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    for shown in (walker.name, walker.identity_number, ADDRESS, "13800000000"):
        assert shown in page.text
    event = await CaseEvent.get(case__number=walker.number, kind="presence_stated")
    assert (event.actor, event.at, event.facts["who"]) == ("staff:clerk-nc", clock.now(), "applicant")
    assert (await AuditEntry.get(act="state_presence")).facts == {"who": "applicant"}
    assert await AuditEntry.filter(act="read_whole_case").count() == 1


async def test_the_word_holds_for_that_day_only(at_desk: OpenConsole, deps: Deps, clock: TurnedClock) -> None:
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    await console.state_presence(await console.get(here))
    clock.turn(days=1)
    page = await (await at_desk()).get(here)
    assert walker.identity_number not in page.html


async def test_nobody_is_present_before_being_checked_in(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await adult(deps), await at_desk()
    fields = {"csrf_token": await console.csrf_token(), "who": "applicant"}
    refused = await console.post(f"/cases/{walker.number}/presence", fields)
    assert (refused.status, refused.refused) == (409, "not_checked_in")
    assert walker.identity_number not in refused.html


async def test_a_minor_alone_opens_nothing(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await minor(deps), await at_desk("clerk-jj")
    here = await scanned(console, deps, walker)
    fields = {"csrf_token": await console.csrf_token(), "who": "applicant"}
    alone = await console.post(f"{here}/presence", fields)
    assert (alone.status, alone.refused) == (422, "guardian_presence_required")
    assert "示例家长" in (await console.state_presence(await console.get(here))).text


async def test_a_minor_s_data_waits_for_a_supervisor_and_every_step_is_on_record(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    await Approval.all().update(ended_at=clock.now())
    walker, console, supervisor = await minor(deps), await at_desk("clerk-jj"), await at_desk("supervisor")
    here = await scanned(console, deps, walker)
    page = await console.get(here)
    assert not page.offers(f"{here}/presence")
    fields = {"csrf_token": await console.csrf_token(), "who": "minor_and_guardian"}
    assert (await console.post(f"{here}/presence", fields)).refused == "minor_leave_required"
    asked = await console.send(page, f"{here}/approvals", {"reason": "监护人陪同到场办理"})
    assert asked.status == 303
    again = await console.post(
        f"{here}/approvals", {"csrf_token": fields["csrf_token"], "kind": "read_minor", "reason": "再次"}
    )
    assert again.refused == "approval_asked_already"

    waiting = await supervisor.get("/approvals")
    assert "监护人陪同到场办理" in waiting.text
    approval = await Approval.get(decided_at=None)
    granted = await supervisor.send(waiting, f"/approvals/{approval.id}", {"answer": "yes"})
    assert (granted.status, granted.location) == (303, "/approvals?done=yes")
    assert walker.identity_number in (await console.state_presence(await console.get(here))).text
    acts = {entry.act for entry in await AuditEntry.filter(case__number=walker.number)}
    assert {"ask_read_minor", "grant_read_minor", "state_presence", "read_whole_case"} <= acts

    clock.turn(hours=25)
    assert (await (await at_desk("clerk-jj")).get(f"{here}/draft")).refused == "minor_leave_required"


async def test_standing_leave_is_given_and_taken_back(at_desk: OpenConsole, deps: Deps, clock: TurnedClock) -> None:
    await Approval.all().update(ended_at=clock.now())
    supervisor = await at_desk("supervisor-nc")
    page = await supervisor.get("/approvals")
    assert "clerk-jj" not in page.html
    given = {"clerk": "clerk-nc", "days": "30", "reason": "负责未成年人受理"}
    foreign = await supervisor.send(page, "/approvals", {**given, "clerk": "clerk-jj"})
    assert foreign.refused == "staff_not_found"
    for days in ("0", "93", "x"):
        assert (await supervisor.send(page, "/approvals", {**given, "days": days})).refused == "leave_days_wrong"
    assert (await supervisor.send(page, "/approvals", given)).status == 303
    leave = await Approval.get(ended_at=None)
    assert (leave.case_id, leave.granted) == (None, True)
    page = await supervisor.get("/approvals")
    assert (await supervisor.send(page, f"/approvals/{leave.id}", {"answer": "end"})).status == 303
    assert (await Approval.get(id=leave.id)).ended_at is not None


async def test_a_wrong_scan_is_undone_by_a_second_person_and_the_booking_stands_again(
    at_desk: OpenConsole, deps: Deps
) -> None:
    walker, console, supervisor = await adult(deps), await at_desk(), await at_desk("supervisor-nc")
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    asked = await console.send(page, f"{here}/approvals", {"reason": "扫成了前一位的二维码"})
    assert asked.status == 303
    assert "等负责人审批" in (await console.get(here)).text
    approval = await Approval.get(kind="undo_scan")
    done = await supervisor.send(await supervisor.get("/approvals"), f"/approvals/{approval.id}", {"answer": "yes"})
    assert done.status == 303
    event = await CaseEvent.get(case__number=walker.number, kind="scan_undone")
    assert (event.actor, event.words) == ("staff:supervisor-nc", {"note": "扫成了前一位的二维码"})
    booking = await Booking.get(case__number=walker.number)
    assert (booking.ended_at, booking.how_ended) == (None, None)
    assert walker.identity_number not in (await console.get(here)).html
    assert (await console.scan(await code_of(deps, walker))).status == 303


async def test_nobody_approves_an_own_request_or_another_counter_s(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await minor(deps), await at_desk("clerk-jj")
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    assert (await console.send(page, f"{here}/approvals", {"reason": "扫错"})).status == 303
    approval = await Approval.get(kind="undo_scan")
    other = await at_desk("supervisor-nc")
    fields = {"csrf_token": await other.csrf_token(), "answer": "yes"}
    assert (await other.post(f"/approvals/{approval.id}", fields)).refused == "approval_not_found"
    clerk = {"csrf_token": await console.csrf_token(), "answer": "yes"}
    assert (await console.post(f"/approvals/{approval.id}", clerk)).refused == "staff_role_missing"
    assert (await Approval.get(id=approval.id)).decided_at is None


async def test_one_yes_counts(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console, supervisor = await adult(deps), await at_desk(), await at_desk("supervisor-nc")
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    await console.send(page, f"{here}/approvals", {"reason": "扫错"})
    approval = await Approval.get(kind="undo_scan")
    waiting = await supervisor.get("/approvals")
    answers = await asyncio.gather(
        *[supervisor.send(waiting, f"/approvals/{approval.id}", {"answer": "yes"}) for _ in range(4)]
    )
    assert min(answer.status for answer in answers) == 303
    assert await CaseEvent.filter(case__number=walker.number, kind="scan_undone").count() == 1


async def test_without_a_code_a_person_is_checked_in_by_number_with_a_reason(at_desk: OpenConsole, deps: Deps) -> None:
    """Whoever will not sign on the phone signs on paper at the counter (R061)."""
    walker, console = await crosser(deps), await at_desk("clerk-gz")
    here = f"/cases/{walker.number}"
    page = await console.get(here)
    bare = await console.send(page, f"{here}/check-in")
    assert bare.refused == "malformed"
    assert (await console.send(page, f"{here}/check-in", {"reason": "申请人要求签署纸质承诺书"})).status == 303
    event = await CaseEvent.get(case__number=walker.number, kind="checked_in")
    assert (event.facts["by"], event.words) == ("number", {"reason_at_counter": "申请人要求签署纸质承诺书"})
    page = await console.state_presence(await console.get(here))
    assert page.offers(f"{here}/letter")
    assert walker.number in (await console.get("/")).html.split('id="list-arrived"')[1]


async def test_another_station_of_the_city_serves_with_a_reason_and_the_case_becomes_its_own(
    at_desk: OpenConsole, deps: Deps
) -> None:
    walker, console = await crosser(deps), await at_desk("clerk-gz2")
    code = await code_of(deps, walker)
    asked = await console.scan(code)
    assert (asked.status, asked.refused) == (403, "code_other_station")
    assert walker.name not in asked.html
    went = await console.send(
        asked, "/scan", {"other_station_reason": "走错受理点，本窗口有空位"}, other_station_reason=""
    )
    assert went.status == 303, went.text
    assert walker.number in (await console.get("/")).html.split('id="list-arrived"')[1]
    booking = await Booking.get(case__number=walker.number)
    assert booking.how_ended == "moved"
    refused = await (await at_desk("clerk-gz")).get(f"/cases/{walker.number}")
    assert refused.refused == "case_of_other_station"


async def test_what_was_typed_survives_the_confirmation_of_the_letter(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    typed = {
        **page.form(f"{here}/acceptance"),
        "acceptance_number": "3601022026111800000009",
        "difference_household_address": "江西省赣州市章贡区演示路22号",
        "face_check_done": "yes",
        "fingerprint": "enrol_failed",
        "method": "phone",
    }
    done = await console.post(f"{here}/letter", typed)
    assert done.status == 200
    kept = done.form(f"{here}/acceptance")
    assert kept["acceptance_number"] == "3601022026111800000009"
    assert kept["difference_household_address"] == "江西省赣州市章贡区演示路22号"
    assert 'value="enrol_failed" checked' in done.html
    assert "手机签署的承诺书已当面核对（签署人经手机验证）" in done.text


async def test_differences_are_kept_sealed_and_shown_to_the_counter_alone(at_desk: OpenConsole, deps: Deps) -> None:
    """R070: what the population system says, field by field."""
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    page = await console.post(f"{here}/letter", {**page.form(f"{here}/acceptance"), "method": "phone"})
    filled = {
        "acceptance_number": "3601022026111800000009",
        "slip_number": "HZ-9",
        "fingerprint": "not_enrolled",
        "materials_seen": page.boxes("materials_seen"),
        "face_check_done": "yes",
        "compared": "yes",
        "difference_household_address": "江西省赣州市章贡区演示路22号",
    }
    went = await console.send(page, f"{here}/acceptance", filled)
    assert went.status == 303, went.text
    page = await console.get(went.location)
    assert "系统内容：江西省赣州市章贡区演示路22号" in page.text
    assert "未注册" in page.text
    case = await Case.get(number=walker.number)
    assert case.state is CaseState.ACCEPTED
    assert "演示路22号" not in str(await my_case(deps, walker.citizen, walker.number))


async def test_the_draft_of_the_form_is_marked_and_needs_the_person_there(at_desk: OpenConsole, deps: Deps) -> None:
    """R075, R132: the form itself comes from the police system."""
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    assert (await console.get(f"{here}/draft")).refused == "presence_required"
    await console.state_presence(await console.get(here))
    draft = await console.get(f"{here}/draft")
    assert "仅供核对" in draft.text
    assert walker.identity_number in draft.text
    letter = await console.get(f"{here}/paper-letter")
    assert "承诺人（签名）" in letter.text


async def test_a_rebooking_during_the_visit_tells_the_clerk_where_and_when(at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await adult(deps), await at_desk()
    here = await scanned(console, deps, walker)
    page = await console.state_presence(await console.get(here))
    slots = await free_slots(deps, NANCHANG, ITEM, deps.today() + timedelta(days=1))
    await book(deps, walker.citizen, walker.number, NANCHANG, slots[0].starts_at, key())
    told = await console.send(page, f"{here}/decline", {"reason": "data_mismatch"})
    assert (told.status, told.refused) == (409, "rebooked_meanwhile")
    assert "2026年11月19日" in told.text
