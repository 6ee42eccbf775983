"""The reviewer enters what the household place decided; a bag of cards is registered at once (R090-R106, R117)."""

from datetime import timedelta

from casework.accept import Acceptance, accept, confirm_letter
from casework.deps import Deps
from casework.hand_off import redeem_code
from casework.serve import counter_case
from casework.sign_in_officer import sign_in_officer, who_serves
from casework.state_presence import state_presence
from domain.terms import CaseState, Present, SignatureMethod
from models.audit import AuditEntry
from models.case import Case, CaseEvent
from models.notice import Notice
from tests.counter.conftest import OpenConsole
from tests.counter.people import PASSWORD, Walker, adult, code_of
from tests.counter.stations import bring_to_counter


async def accepted(deps: Deps, number: str) -> Walker:
    walker = await adult(deps)
    clerk = await who_serves(deps, (await sign_in_officer(deps, "clerk-nc", PASSWORD)).token)
    number_at_counter = await redeem_code(deps, clerk, await code_of(deps, walker))
    seen = await counter_case(deps, await Case.get(number=number_at_counter))
    await state_presence(deps, clerk, walker.number, Present.APPLICANT)
    await confirm_letter(deps, clerk, walker.number, SignatureMethod.PHONE)
    materials = tuple(line.code for line in seen.materials)
    stated = Acceptance(number, f"HZ-{number[-4:]}", materials, tuple(line.code for line in seen.checks))
    await accept(deps, clerk, walker.number, stated)
    return walker


async def test_the_reviewer_of_the_household_city_enters_receipt_and_issue(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await accepted(deps, "3601022026111800000011")
    reviewer = await at_desk("reviewer-gzh")
    page = await reviewer.get("/reviews")
    assert "示***" in page.text
    assert walker.identity_number not in page.html
    here = f"/reviews/{walker.number}"
    assert (await reviewer.send(page, here, {"kind": "review_started"})).status == 303
    page = await reviewer.get("/reviews")
    assert "2026年11月23日" in page.text  # five days from receipt (R093)
    tomorrow = (deps.today() + timedelta(days=1)).isoformat()
    form = {**page.form(here, issued_on=deps.today().isoformat()), "kind": "issued"}
    early = await reviewer.post(here, {**form, "issued_on": tomorrow})
    assert early.refused == "report_malformed"
    assert (await reviewer.post(here, form)).status == 303
    case = await Case.get(number=walker.number)
    assert case.state is CaseState.ISSUED
    event = await CaseEvent.get(case_id=case.id, kind="issued")
    assert event.actor == "staff:reviewer-gzh"
    assert await AuditEntry.filter(case_id=case.id, act="enter_review").count() == 2


async def test_a_refusal_needs_its_reason_and_the_person_is_told(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await accepted(deps, "3601022026111800000012")
    reviewer = await at_desk("reviewer-gzh")
    here = f"/reviews/{walker.number}"
    await reviewer.send(await reviewer.get("/reviews"), here, {"kind": "review_started"})
    token = await reviewer.csrf_token()
    bare = await reviewer.post(here, {"csrf_token": token, "kind": "issuance_refused", "reason": " "})
    assert bare.refused == "reason_required"
    done = await reviewer.post(here, {"csrf_token": token, "kind": "issuance_refused", "reason": "难以确认身份"})
    assert done.status == 303
    assert await Notice.filter(case__number=walker.number, kind="issuance_refused", route="sms").count() == 1


async def test_a_reviewer_of_another_city_sees_and_enters_nothing(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await accepted(deps, "3601022026111800000013")
    reviewer = await at_desk("reviewer-nc")
    assert walker.number not in (await reviewer.get("/reviews")).html
    fields = {"csrf_token": await reviewer.csrf_token(), "kind": "review_started"}
    assert (await reviewer.post(f"/reviews/{walker.number}", fields)).refused == "case_of_other_station"
    assert await AuditEntry.filter(act="read_to_review_refused").count() == 1


async def test_every_number_of_a_bag_has_its_own_outcome(at_desk: OpenConsole, deps: Deps) -> None:
    """C6.5: one notice per card, however often its number is scanned."""
    numbers = ["3601022026111800000021", "3601022026111800000022"]
    walkers = [await accepted(deps, number) for number in numbers]
    for number in numbers:
        await bring_to_counter(deps, number)
    console = await at_desk()
    bag = "\n".join([numbers[0], "没有这个编号", walkers[1].number, numbers[0], "HZ-0022"])
    page = await console.send(await console.get("/arrivals"), "/arrivals", {"numbers": bag})
    assert page.status == 200
    assert page.text.count("已登记接收，领证通知会自动发出") == 2
    assert "没有这个编号\nHZ-0022</textarea>" in page.html
    for walker in walkers:
        assert (await Case.get(number=walker.number)).state is CaseState.ARRIVED
        assert await Notice.filter(case__number=walker.number, kind="ready_for_pickup", route="sms").count() == 1
    assert (await console.send(page, "/arrivals", {"numbers": " \n"})).refused == "malformed"
    many = "\n".join(str(number) for number in range(201))
    assert (await console.send(page, "/arrivals", {"numbers": many})).refused == "malformed"
