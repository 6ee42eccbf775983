"""At the counter: hops 5 to 7 on the acceptance side, arrival and release, through the console's own pages."""

from dataclasses import replace

from tests.journeys.expect import has, lacks, same
from tests.journeys.invented import make_acceptance_number, make_slip_number, today
from tests.journeys.pages import HtmlForm, Page
from tests.journeys.players import Clerk
from tests.journeys.time_limits import LATER_CHECK, last_day
from tests.journeys.walk import Walk

_FACE_TO_FACE = ("face_check_done", "compared")  # R070, R071
_WITH_A_MINOR = ("guardian_present", "same_frame_photo")  # R031, R073
_SELF = ("slip", "data", "fingerprint", "signature")  # R120
_PROXY = ("proxy_id_card", "slip", "signature")  # R121
_LATER = ("data", "fingerprint")  # R122


async def sign_in(walk: Walk) -> None:
    """The clerk's day: names stand masked in it."""
    page = await walk.clerk.sign_in()
    same("the day's page", page.offers("/scan"), True)
    lacks("the day's list", page.text, walk.applicant.number)
    if walk.booked_on == today():
        has("the day's list", page.text, walk.number)


async def scan(walk: Walk) -> None:
    """The code opens the pre-filled case beside the checklist, once (T13)."""
    page = await _scan_on_the_day(walk)
    same("case opened", (page.reply.status, page.refusal), (200, None))
    lacks("masked case", page.text, walk.applicant.number, walk.phone.number, walk.applicant.household_address)
    page = await _state_presence(walk, page)
    has("pre-filled case", page.text, walk.number, walk.applicant.name, walk.applicant.number, walk.phone.number)
    has("addresses", page.text, walk.applicant.household_address, walk.plot.residence_address)
    if walk.plot.guardian:
        has("guardian", page.text, walk.holder.name, walk.holder.number, "未满16周岁")
    form = page.form(at(walk, "acceptance"))
    same("originals to see", form.ticks("materials_seen"), list(walk.plot.papers_before))
    walk.journal.keep("counter-case.html", page.html)
    (await _scan(walk)).insist_refused("code_used")


async def confirm_letter(walk: Walk) -> None:
    """Before the letter is confirmed nothing is accepted; signed on the phone or on paper (D1, D8)."""
    page = await case_page(walk)
    (await _accept(walk, page)).insist_refused("letter_unconfirmed")
    on_paper = walk.plot.letter == "on_paper"
    form = page.form(at(walk, "acceptance"))
    offered = [value for name, value in form.buttons if name == "method"]
    same("ways offered", offered, ["paper"] if on_paper else ["phone", "paper"])
    method = "paper" if on_paper else "phone"
    confirmed = await walk.clerk.send(replace(form, action=at(walk, "letter")), {"method": method})
    has("after confirming", confirmed.text, "已确认")
    case = await walk.case()
    same("letter", (case["letter"]["standing"], case["letter"]["method"]), ("confirmed", method))


async def same_frame_first(walk: Walk) -> None:
    """A minor isn't accepted without the guardian and the same-frame photo (R031, R073)."""
    page = await case_page(walk)
    (await _accept(walk, page, without="guardian_present")).insist_refused("guardian_presence_required")
    (await _accept(walk, page, without="same_frame_photo")).insist_refused("same_frame_photo_required")
    same("state", (await walk.case())["state"], "open")


async def accept(walk: Walk) -> None:
    """Every original seen, every check made, the numbers of the population system written down (R072, R143, R145)."""
    page = await case_page(walk)
    (await _accept(walk, page, papers=walk.plot.papers_before[1:])).insist_refused("materials_incomplete")
    done = await _accept(walk, page)
    same("accepted", (done.reply.status, done.refusal), (200, None))
    has("accepted case", done.text, walk.acceptance_number, walk.slip_number)
    case = await walk.stands("accepted")
    same("numbers", (case["acceptance_number"], case["slip_number"]), (walk.acceptance_number, walk.slip_number))
    same("a place that was used", case["booking"], None)


async def register_arrival(walk: Walk) -> None:
    """The card came in (R117)."""
    page = await find(walk, walk.acceptance_number)
    done = await walk.clerk.send(page.form(at(walk, "arrival")))
    same("arrival registered", (done.reply.status, done.refusal), (200, None))
    same("registered once", done.offers(at(walk, "arrival")), False)
    await walk.stands("arrived", "领证回执")


async def release_to_self(walk: Walk) -> None:
    """Four checks, not three (R120)."""
    form = (await find(walk, walk.slip_number)).form(at(walk, "release"), collector="self")
    same("checks", tuple(form.ticks("checks")), _SELF)
    typed = {"slip_number": walk.slip_number}
    (await walk.clerk.send(form, typed, ticks_of(_SELF[:3]))).insist_refused("collection_checks_missing")
    if walk.temporary_number:  # it comes back now (B20)
        (await walk.clerk.send(form, typed, ticks_of(_SELF))).insist_refused("temporary_card_return_required")
        typed["temporary_card"] = "handed_back"
    done = await walk.clerk.send(form, typed, ticks_of(_SELF))
    same("released", (done.reply.status, done.refusal), (200, None))


async def release_to_relative(walk: Walk) -> None:
    """The relative's own card, the slip and a signature (R121); then the later check opens (R122)."""
    assert walk.relative is not None
    page = await find(walk, walk.slip_number)
    has("collector named before", page.text, walk.relative.name)
    form = page.form(at(walk, "release"), collector="proxy")
    same("checks", tuple(form.ticks("checks")), _PROXY)
    typed = {
        "slip_number": walk.slip_number,
        "collector_name": walk.relative.name,
        "collector_identity_number": walk.relative.number,
        "kinship": "grandparent",
    }
    (await walk.clerk.send(form, {**typed, "kinship": ""}, ticks_of(_PROXY))).insist_refused("collector_not_relative")
    done = await walk.clerk.send(form, typed, ticks_of(_PROXY))
    same("released", (done.reply.status, done.refusal), (200, None))
    await insist_later_check(walk)


async def insist_later_check(walk: Walk) -> None:
    """30 working days from the day of receipt, or the year whose holidays are not published (R122)."""
    case = await walk.stands("released", "核验")
    clock = next(clock for clock in case["clocks"] if clock["kind"] == "collection_check")
    same("later check", (clock["days"], clock["day_kind"], clock["stopped"]), (LATER_CHECK.days, "working", False))
    same("received on", clock["started_on"], today().isoformat())
    due, unknown = last_day(LATER_CHECK, today())
    same("checked until", clock["due_on"], due.isoformat() if due else None)
    same("calendar year missing", clock["calendar_missing"], unknown)


async def record_check(walk: Walk) -> None:
    """Data and fingerprint, at the counter that accepted (R122)."""
    await _record_check(walk, walk.clerk)


async def record_check_at_home(walk: Walk) -> None:
    """The same at the household place: either will do (R122)."""
    clerk = Clerk(walk.wire, walk.world, "demo-mz-1")
    await clerk.sign_in()
    await _record_check(walk, clerk)


async def _record_check(walk: Walk, clerk: Clerk) -> None:
    page = await find(walk, walk.acceptance_number, clerk)
    form = page.form(at(walk, "check"))
    same("checks", tuple(form.ticks("checks")), _LATER)
    (await clerk.send(form, {}, ticks_of(_LATER[:1]))).insist_refused("collection_checks_missing")
    done = await clerk.send(form, {}, ticks_of(_LATER))
    same("check recorded", (done.reply.status, done.refusal), (200, None))


async def _state_presence(walk: Walk, page: Page) -> Page:
    """The clerk's word that the person stands there, a minor with the guardian, opens the whole case (T13, R031)."""
    form = page.form(at(walk, "presence"))
    return await walk.clerk.send(form, {"who": form.buttons[0][1]})


async def _scan_on_the_day(walk: Walk) -> Page:
    """On another day than the booked one the clerk must say why."""
    if walk.booked_on == today():
        return await _scan(walk)
    page = await _scan(walk)
    page.insist_refused("not_service_day")
    form = next(form for form in page.forms if any(name == "other_day_reason" for name, _ in form.fields))
    return await walk.clerk.send(form, {"other_day_reason": "申请人远道而来，窗口有空位"})


async def _scan(walk: Walk) -> Page:
    return await _enter(walk.clerk, walk.code)


async def find(walk: Walk, number: str, clerk: Clerk | None = None) -> Page:
    """By a number typed into the scan box."""
    page = await _enter(clerk or walk.clerk, number)
    same(f"case found by {number}", (page.reply.status, page.refusal), (200, None))
    return page


async def _enter(clerk: Clerk, text: str) -> Page:
    """Type into the scan box, as a keyboard-wedge scanner does."""
    day = await clerk.open("/")
    form = next(form for form in day.forms if form.action == "/scan")
    return await clerk.send(form, {"code": text})


async def case_page(walk: Walk, number: str = "") -> Page:
    """The case on the clerk's screen."""
    return await walk.clerk.open(f"/cases/{number or walk.number}")


async def _accept(walk: Walk, page: Page, *, without: str = "", papers: tuple[str, ...] | None = None) -> Page:
    walk.acceptance_number = walk.acceptance_number or make_acceptance_number(walk.plot.residence)
    walk.slip_number = walk.slip_number or make_slip_number()
    form: HtmlForm = page.form(at(walk, "acceptance"))
    checks = (*_FACE_TO_FACE, *(_WITH_A_MINOR if walk.plot.guardian else ()))
    ticked = [(check, "yes") for check in checks if check != without]
    ticked += [("fingerprint", "enrolled")]
    ticked += [("materials_seen", paper) for paper in (walk.plot.papers_before if papers is None else papers)]
    ticked += [("temporary_card", "yes")] if walk.temporary_number else []
    typed = {"acceptance_number": walk.acceptance_number, "slip_number": walk.slip_number}
    return await walk.clerk.send(form, typed, ticked)


def at(walk: Walk, act: str, number: str = "") -> str:
    """Where the form of an act leads."""
    return f"/cases/{number or walk.number}/{act}"


def ticks_of(checks: tuple[str, ...]) -> list[tuple[str, str]]:
    """Boxes of the checks, ticked."""
    return [("checks", check) for check in checks]
