"""The household registration certificate: both ways of it, at the phone, the counter and the household station (C5)."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

from tests.journeys.expect import has, lacks, same
from tests.journeys.invented import make_person, today
from tests.journeys.pages import Page
from tests.journeys.steps_counter import at, case_page, ticks_of
from tests.journeys.steps_police import one_text
from tests.journeys.time_limits import CERTIFICATE_CHECK, last_day
from tests.journeys.walk import Walk

_FACE_TO_FACE = ("identity_checked", "conditions_checked", "service_chosen")  # R161, R162
_HANDED_OVER = ("valid_id_shown", "sealed")  # R167
_UNIT = "示范派出所（赣州·演示）"
_ANSWER = "该人户籍登记在示范路808号。\n与户主系同户成员，关系为子女。"


async def matters(walk: Walk) -> None:
    """What may be certified is a list anybody can read (B43); what the ID card proves on the spot is on it (R172)."""
    offered = (await walk.citizen.get("/certificate-matters")).done()
    codes = [matter["value"] for matter in offered]
    has("matters", codes, "name", "identity_number", "registered_address", "kinship")
    same("matters", len(codes), 14)
    walk.shows("小程序", "可以证明：" + "、".join(matter["text"] for matter in offered))


async def with_the_booklet(walk: Walk) -> None:
    """Whoever can get the booklet needs no certificate, and is told so kindly (R038); both conditions are asked."""
    body: dict[str, Any] = {
        "declaration_id": walk.declaration["id"], "item": walk.plot.item, "delivery": "station",
        "never_held_card": True, "active_soldier": False, "information_true": True, **walk.plot.stated,
    }  # fmt: skip
    holder = await walk.citizen.write("POST", "/cases", {**body, "booklet_obtainable": True})
    told = holder.refused("booklet_obtainable")
    walk.shows("小程序", told["title"], told["advice"])
    silent = {name: value for name, value in body.items() if name != "booklet_obtainable"}
    (await walk.citizen.write("POST", "/cases", silent)).refused("answer_required")
    empty = {**body, "certificate": {"matters": []}}
    (await walk.citizen.write("POST", "/cases", empty)).refused("certificate_matter_required")


async def asked(walk: Walk) -> None:
    """Free of charge, nothing to sign, and what is asked for in plain words (R051, R170)."""
    case = await walk.case()
    same("fee", case["fee"], 0)
    same("not issued yet", case["certificate"]["number"], None)
    walk.shows(
        "小程序",
        "申请证明：" + "、".join([*case["certificate"]["matters"], case["certificate"]["other"]]).rstrip("、"),
        case["next_step"],
    )


async def accept(walk: Walk) -> None:
    """Identity, both conditions and the choice of the cross-provincial way, face to face (R038, R161, R162)."""
    form = (await case_page(walk)).form(at(walk, "acceptance"))
    papers = [("materials_seen", paper) for paper in walk.plot.papers_before]
    partly = [*papers, *((check, "yes") for check in _FACE_TO_FACE[:2])]
    (await walk.clerk.send(form, {}, partly)).insist_refused("counter_checks_missing")
    await _done(walk, "acceptance", {}, [*papers, *((check, "yes") for check in _FACE_TO_FACE)])
    await walk.stands("accepted", "受理点正在办理")


async def on_the_spot(walk: Walk) -> None:
    """Form 2 with its three facts, as the national system shows them; somebody else's are refused (R166, R172)."""
    person = walk.applicant
    facts = {
        "name": person.name, "identity_number": person.number, "registered_address": person.household_address,
    }  # fmt: skip
    other = make_person("测试戊", 40, person.household, person.household_address)
    form = (await case_page(walk)).form(at(walk, "spot"))
    (await walk.clerk.send(form, {**facts, "identity_number": other.number})).insist_refused("certificate_facts_differ")
    await _done(walk, "spot", facts)
    await _issued(walk, "on_the_spot")
    await walk.stands("ready", "有效身份证件")


async def send_materials(walk: Walk) -> None:
    """The package for the household station: what is asked and who asks; sending is logged with its channel (R164)."""
    reply = await walk.clerk._ask("GET", at(walk, "materials.zip"))
    names = ZipFile(BytesIO(reply.body)).namelist()
    same("a sheet and its data", sorted(name.rpartition(".")[2] for name in names), ["json", "pdf"])
    walk.journal.keep("materials.zip", reply.body)
    same("an answer before the question", (await case_page(walk)).offers(at(walk, "answer")), False)
    await _done(walk, "materials", {"channel": "fax", "to_unit": _UNIT, "told": "示例专管员"})
    case = await walk.stands("transmitted", "查证后会通知您")
    walk.shows("小程序", case["state_label"], case["next_step"])


async def received(walk: Walk) -> None:
    """The household station has the papers: five working days from the day after (R165, K4)."""
    await _done(walk, "receipt")
    case = await walk.stands("under_review", "五个工作日")
    (clock,) = [clock for clock in case["clocks"] if not clock["stopped"]]
    due, unknown = last_day(CERTIFICATE_CHECK, today())
    same("clock", (clock["days"], clock["day_kind"]), (CERTIFICATE_CHECK.days, CERTIFICATE_CHECK.kind))
    same("answered until", clock["due_on"], due.isoformat() if due else None)
    same("calendar year missing", clock["calendar_missing"], unknown)
    walk.shows("小程序", case["next_step"] + (f"最迟{due:%Y-%m-%d}。" if due else ""))


async def answered(walk: Walk) -> None:
    """The station's words are kept as they are; afterwards the request is closed to a second answer (R165)."""
    typed = {"household_unit": _UNIT, "content": _ANSWER, "checker": "示例专管员"}
    page = await case_page(walk)
    form = page.form(at(walk, "answer"))
    (await walk.clerk.send(form, {**typed, "content": " "})).insist_refused("certificate_content_required")
    await _done(walk, "answer", typed)
    (await walk.clerk.send(form, typed)).insist_refused("request_closed")
    case = await walk.stands("confirmed", "正在开具证明")
    same("clocks that run on", [clock["kind"] for clock in case["clocks"] if not clock["stopped"]], [])


async def certify(walk: Walk) -> None:
    """Form 1, word for word; the person is told to collect (R167)."""
    page = await _done(walk, "certificate")
    has("on the screen", page.text, *_ANSWER.splitlines())
    await _issued(walk, "by_officer")
    await walk.stands("ready", "有效身份证件")
    text = await one_text(walk, "已开具", walk.number)
    lacks("notice", text, walk.applicant.name, walk.applicant.number, _ANSWER)
    walk.journal.keep("certificate-sms.txt", text + "\n")
    walk.shows("短信", text)


async def hand_over(walk: Walk) -> None:
    """Against a valid ID, sealed (R167)."""
    form = (await case_page(walk)).form(at(walk, "handover"))
    unsealed = await walk.clerk.send(form, {}, ticks_of(_HANDED_OVER[:1]))
    unsealed.insist_refused("handover_checks_missing")
    await _done(walk, "handover", {}, ticks_of(_HANDED_OVER))


async def file_notice(walk: Walk) -> None:
    """One issued on the spot is told to the household station, and only then the case is over (R169)."""
    case = await walk.stands("released", "备案")
    walk.shows("小程序", case["next_step"])
    await _done(walk, "filing", {"channel": "fax", "to_unit": _UNIT})


async def verify(walk: Walk) -> None:
    """Whoever holds the paper learns that it was issued, and nothing of what it says."""
    number = walk.certificate_number
    path = f"/api/v1/certificates/{number}/verification"
    told = (await walk.wire.ask("anybody", "GET", walk.world.base_url, path)).done()
    same("number", told["number"], number)
    page = Page(await walk.wire.ask("anybody", "GET", walk.world.base_url, f"/verify/{number}"))
    has("verification page", page.text, told["title"], told["unit"], told["name_masked"])
    lacks("verification page", page.html, walk.applicant.name, walk.applicant.number, walk.applicant.household_address)
    walk.journal.keep("verification.html", page.html)
    unknown = number[:-4] + ("0000" if number[-4:] != "0000" else "1111")
    reply = await walk.wire.ask("anybody", "GET", walk.world.base_url, f"/api/v1/certificates/{unknown}/verification")
    same("an invented number", reply.status in {400, 404, 422}, True)
    walk.shows("核验页", f"{told['title']}，{told['unit']}，{told['name_masked']}，{told['issued_on']}")


async def _issued(walk: Walk, way: str) -> None:
    made = (await walk.case())["certificate"]
    same("way", made["way"], way)
    walk.certificate_number = made["number"]
    pdf = (await walk.clerk._ask("GET", at(walk, "certificate.pdf"))).body
    same("a PDF", pdf[:5], b"%PDF-")
    walk.journal.keep("certificate.pdf", pdf)


async def _done(
    walk: Walk, act: str, typed: dict[str, str] | None = None, ticked: list[tuple[str, str]] | None = None
) -> Page:
    form = (await case_page(walk)).form(at(walk, act))
    page = await walk.clerk.send(form, typed or {}, ticked or ())
    same(act, (page.reply.status, page.refusal), (200, None))
    return page
