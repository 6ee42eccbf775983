"""What went wrong at the counter is put right: a scan of another's booking, a mistyped number, a wrong address."""

from datetime import timedelta

import pytest

from casework.deps import Deps
from domain.terms import CaseState
from models.approval import Approval
from models.case import Case, CaseEvent
from models.notice import Notice
from models.slot import Booking, Slot
from models.staff import StaffSession
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console
from tests.counter.people import PASSWORD, Walker, adult, code_of, crosser
from tests.counter.test_counter_work import accepted, at, stored
from tests.workers.wiring import TurnedClock

RIGHT = "3601022026111800000077"


async def scanned_elsewhere(console: Console, deps: Deps) -> Walker:
    """Booked at one counter of Guangzhou, scanned at another; the undoing is asked for."""
    walker = await crosser(deps)
    asked = await console.scan(await code_of(deps, walker))
    went = await console.send(asked, "/scan", {"other_station_reason": "走错受理点"}, other_station_reason="")
    page = await console.state_presence(await console.get(went.location))
    assert (await console.send(page, at(walker, "approvals"), {"reason": "扫成了旁边的人"})).status == 303
    return walker


async def undo(supervisor: Console) -> None:
    approval = await Approval.get(kind="undo_scan")
    done = await supervisor.send(await supervisor.get("/approvals"), f"/approvals/{approval.id}", {"answer": "yes"})
    assert done.status == 303, done.text


async def test_a_scan_undone_at_another_counter_puts_back_station_booking_and_place(
    at_desk: OpenConsole, deps: Deps
) -> None:
    """T21: everything is as before the mistake, and the booked counter serves the person as if nothing had been."""
    elsewhere, home = await at_desk("clerk-gz2"), await at_desk("clerk-gz")
    walker = await scanned_elsewhere(elsewhere, deps)
    assert (await home.get(f"/cases/{walker.number}")).refused == "case_of_other_station"
    assert (await Slot.get()).taken == 0
    await undo(await at_desk("supervisor"))
    booking = await Booking.get(case__number=walker.number)
    assert (booking.ended_at, booking.how_ended, (await Slot.get()).taken) == (None, None, 1)
    assert (await CaseEvent.get(case__number=walker.number, kind="scan_undone")).facts == {"back_to": "GZ-DEMO"}
    assert (await elsewhere.get(f"/cases/{walker.number}")).refused == "case_of_other_station"
    assert walker.number not in (await elsewhere.get("/")).html
    assert walker.number in (await home.get("/")).html.split('id="list-booked"')[1].split('id="list-arrived"')[0]
    assert (await home.scan(await code_of(deps, walker))).status == 303


async def test_where_the_place_was_given_away_the_person_is_told_to_book_anew(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await scanned_elsewhere(await at_desk("clerk-gz2"), deps)
    slot = await Slot.get()
    await Slot.all().update(taken=slot.online, taken_general=slot.general)
    await undo(await at_desk("supervisor"))
    case = await Case.get(number=walker.number).select_related("acceptance_point")
    assert case.acceptance_point is not None
    assert case.acceptance_point.code == "GZ-DEMO"
    assert (await Booking.get(case__number=walker.number)).how_ended == "moved"
    assert await Notice.filter(case__number=walker.number, kind="booking_cancelled").count() == 1
    assert (await Slot.get()).taken == slot.online


async def test_a_visit_by_number_after_another_stations_scan_goes_back_nowhere(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    """The case became this counter's own a day ago: undoing today's check-in leaves it here."""
    walker = await crosser(deps)
    console = await at_desk("clerk-gz2")
    asked = await console.scan(await code_of(deps, walker))
    await console.send(asked, "/scan", {"other_station_reason": "走错受理点"}, other_station_reason="")
    clock.turn(days=1)
    console, here = await at_desk("clerk-gz2"), f"/cases/{walker.number}"
    page = await console.get(here)
    assert (await console.send(page, f"{here}/check-in", {"reason": "手机没电"})).status == 303
    page = await console.state_presence(await console.get(here))
    assert (await console.send(page, f"{here}/approvals", {"reason": "登记错人"})).status == 303
    await undo(await at_desk("supervisor"))
    assert (await console.get(here)).status == 200
    again = await console.post(f"{here}/decline", {**page.form(f"{here}/decline"), "reason": "data_mismatch"})
    assert again.refused == "not_checked_in"


async def test_a_booking_of_another_day_that_stands_again_is_reminded_of_again(
    at_desk: OpenConsole, deps: Deps
) -> None:
    walker, console = await adult(deps, days_ahead=1), await at_desk()
    reminders = Notice.filter(case__number=walker.number, kind="visit_reminder", status="owed")
    before = await reminders.count()
    assert before > 0
    asked = await console.scan(await code_of(deps, walker))
    went = await console.send(asked, "/scan", {"other_day_reason": "远道而来"}, other_day_reason="")
    assert await reminders.count() == 0
    page = await console.state_presence(await console.get(went.location))
    assert (await console.send(page, at(walker, "approvals"), {"reason": "扫成了前一位"})).status == 303
    await undo(await at_desk("supervisor-nc"))
    assert await reminders.count() == before


async def test_a_mistyped_acceptance_number_is_corrected_on_the_case_s_page(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    """R143: who is there is asked again; old number, new number and reason stay on record."""
    walker, console = await adult(deps), await at_desk()
    await accepted(console, deps, walker)
    wrong = (await stored(walker)).acceptance_number
    clock.turn(minutes=10)
    page = await console.get(f"/cases/{walker.number}")
    act, typed = at(walker, "acceptance-number"), {"acceptance_number": RIGHT, "reason": "录入时看错一行"}
    unproven = await console.send(page, act, {**typed, "password": ""})
    assert (unproven.status, unproven.refused) == (403, "proof_needed")
    assert unproven.form(act)["acceptance_number"] == RIGHT
    unsaid = await console.send(page, act, {**typed, "reason": " ", "password": PASSWORD})
    assert (unsaid.refused, (await stored(walker)).acceptance_number) == ("malformed", wrong)
    done = await console.send(page, act, {**typed, "password": PASSWORD})
    assert (done.status, done.location) == (303, f"/cases/{walker.number}?done=correction")
    page = await console.get(done.location)
    assert RIGHT in page.text
    assert "受理号已更正" in page.text
    event = await CaseEvent.get(case__number=walker.number, kind="acceptance_number_corrected")
    assert (event.facts, event.words) == ({"was": wrong, "is": RIGHT}, {"note": "录入时看错一行"})
    same = await console.send(page, act, typed)
    assert (same.status, same.refused) == (409, "acceptance_number_unchanged")


@pytest.mark.parametrize("username", ["clerk-jj", "reviewer-nc", "supervisor"])
async def test_no_other_counter_or_role_corrects_a_number(username: str, at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    await accepted(await at_desk(), deps, walker)
    other = await at_desk(username)
    fields = {"csrf_token": await other.csrf_token(), "acceptance_number": RIGHT, "reason": "-"}
    refused = await other.post(at(walker, "acceptance-number"), fields)
    assert refused.refused in {"case_of_other_station", "staff_role_missing"}
    assert (await stored(walker)).acceptance_number != RIGHT
    assert (await stored(walker)).state is CaseState.ACCEPTED


async def test_an_unknown_address_leads_whoever_is_signed_in_back_to_the_day(
    at_desk: OpenConsole, clock: TurnedClock
) -> None:
    console = await at_desk()
    lost = await console.get("/nowhere")
    assert (lost.status, lost.refused) == (404, "not_found")
    assert "回到今日办理" in lost.text
    assert "去登录" not in lost.text
    async with console.client.put("/", allow_redirects=False) as response:
        assert response.status == 405
        assert "回到今日办理" in await response.text()
    await StaffSession.all().update(ended_at=clock.now() - timedelta(seconds=1))
    assert "去登录" in (await console.get("/nowhere")).text
