"""A clerk's work from the scan to the release, through the pages alone."""

from typing import Any

import pytest

from casework.deps import Deps
from casework.release_card import name_collector
from domain.identity_number import check_character
from domain.terms import CaseState, CollectorKind, DeliveryMode, Kinship, SignatureMethod
from models.audit import AuditEntry
from models.card import Release
from models.case import Case, CaseEvent
from models.notice import Notice
from templates.labels import label
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Fields, Page
from tests.counter.people import Walker, adult, code_of, crosser, key, minor
from tests.counter.stations import bring_to_counter
from tests.workers.wiring import TurnedClock

NUMBERS = {"acceptance_number": "3601022026111800000001", "slip_number": "HZ-0001", "fingerprint": "enrolled"}


async def scanned(console: Console, deps: Deps, walker: Walker) -> Page:
    """The case page after the scan and the clerk's word that the person stands there."""
    went = await console.scan(await code_of(deps, walker))
    assert went.status == 303, went.text
    return await console.state_presence(await console.get(went.location))


async def stored(walker: Walker) -> Case:
    return await Case.get(number=walker.number)


def at(walker: Walker, act: str) -> str:
    return f"/cases/{walker.number}/{act}"


def all_ticked(page: Page) -> Fields:
    flags = ["face_check_done", "guardian_present", "same_frame_photo", "compared"]
    return {
        **NUMBERS,
        "materials_seen": page.boxes("materials_seen"),
        **{flag: "yes" for flag in flags if page.boxes(flag)},
    }


async def confirmed(
    console: Console, walker: Walker, page: Page, method: SignatureMethod = SignatureMethod.PHONE
) -> Page:
    """The letter's buttons stand in the acceptance's form, so that nothing typed there is lost."""
    done = await console.post(at(walker, "letter"), {**page.form(at(walker, "acceptance")), "method": method.value})
    assert done.status == 200, done.text
    return done


async def accepted(console: Console, deps: Deps, walker: Walker) -> None:
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    went = await console.send(page, at(walker, "acceptance"), all_ticked(page))
    assert went.status == 303, went.text


async def test_adult_is_served_from_scan_to_release(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    assert walker.number in (await console.get("/")).html
    page = await scanned(console, deps, walker)
    for shown in (walker.name, walker.identity_number, "江西省赣州市章贡区演示路2号", "13800000000", "待窗口确认"):
        assert shown in page.text
    page = await confirmed(console, walker, page)
    assert "手机签署的承诺书已当面核对" in page.text
    went = await console.send(page, at(walker, "acceptance"), all_ticked(page))
    assert went.status == 303
    page = await console.get(went.location)
    assert "已登记受理" in page.text
    assert NUMBERS["acceptance_number"] in page.text

    await bring_to_counter(deps, NUMBERS["acceptance_number"])
    page = await console.get(f"/cases/{walker.number}")
    page = await console.get((await console.send(page, at(walker, "arrival"))).location)
    assert "领证通知会自动发给申请人" in page.text
    assert walker.number in (await console.get("/")).html.split('id="list-to_collect"')[1]

    checks = {"slip_number": NUMBERS["slip_number"], "checks": ["slip", "data", "fingerprint", "signature"]}
    done = await console.send(page, at(walker, "release"), checks, collector="self")
    assert done.status == 303, done.text
    assert (await stored(walker)).state is CaseState.CLOSED


async def test_child_is_served_with_guardian_and_a_relative_collects(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    walker = await minor(deps)
    console = await at_desk("clerk-jj")
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    assert "示例家长" in page.text
    assert "不在同一户，出生医学证明能体现监护关系" in page.text
    for needed, code in {
        "same_frame_photo": "same_frame_photo_required",
        "guardian_present": "guardian_presence_required",
    }.items():
        without = {name: value for name, value in all_ticked(page).items() if name != needed}
        refused = await console.send(page, at(walker, "acceptance"), without)
        assert (refused.status, refused.refused) == (422, code)
        assert (await stored(walker)).state is CaseState.OPEN
    assert (await console.send(page, at(walker, "acceptance"), all_ticked(page))).status == 303

    await bring_to_counter(deps, NUMBERS["acceptance_number"])
    body = "36010319600101001"
    relative = {"collector_name": "示例祖母", "collector_identity_number": body + check_character(body)}
    await name_collector(
        deps,
        walker.citizen,
        walker.number,
        "示例祖母",
        relative["collector_identity_number"],
        Kinship.GRANDPARENT,
        key(),
    )
    page = await console.get(f"/cases/{walker.number}")
    page = await console.get((await console.send(page, at(walker, "arrival"))).location)
    assert "示例祖母（祖父母、外祖父母）" in page.text
    given: dict[str, Any] = {
        **relative,
        "slip_number": NUMBERS["slip_number"],
        "kinship": "grandparent",
        "checks": ["proxy_id_card", "slip", "signature"],
    }
    stranger = await console.send(page, at(walker, "release"), {**given, "kinship": ""}, collector="proxy")
    assert (stranger.status, stranger.refused) == (422, "collector_not_relative")
    assert 'value="示例祖母"' in stranger.html
    went = await console.send(page, at(walker, "release"), given, collector="proxy")
    assert went.status == 303, went.text
    assert (await Release.get(case__number=walker.number)).collector is CollectorKind.PROXY

    page = await console.get(went.location)
    assert "领证后核验时限" in page.text
    assert walker.number in (await console.get("/")).html.split('id="list-checks_open"')[1]
    half = await console.send(page, at(walker, "check"), {"checks": ["data"]})
    assert (half.status, half.refused) == (422, "collection_checks_missing")
    assert (await stored(walker)).state is CaseState.RELEASED
    assert (await console.send(page, at(walker, "check"), {"checks": ["data", "fingerprint"]})).status == 303
    assert (await stored(walker)).state is CaseState.CLOSED


async def test_letter_without_published_text_is_signed_on_paper_at_the_counter(
    at_desk: OpenConsole, deps: Deps
) -> None:
    walker = await crosser(deps)
    console = await at_desk("clerk-gz")
    page = await scanned(console, deps, walker)
    assert "请当面提供纸质文本" in page.text
    early = await console.send(page, at(walker, "acceptance"), all_ticked(page))
    assert (early.status, early.refused) == (409, "letter_unconfirmed")
    phone = await console.post(at(walker, "letter"), {**page.form(at(walker, "acceptance")), "method": "phone"})
    assert phone.refused == "letter_not_signed"
    page = await confirmed(console, walker, page, SignatureMethod.PAPER)
    assert "在窗口签署了纸质文本" in page.text
    assert (await console.send(page, at(walker, "acceptance"), all_ticked(page))).status == 303


@pytest.mark.parametrize("unticked", ["face_check_done", "compared"])
async def test_nothing_is_accepted_before_face_and_data_were_compared(
    unticked: str, at_desk: OpenConsole, deps: Deps
) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    fields = {name: value for name, value in all_ticked(page).items() if name != unticked}
    assert (await console.send(page, at(walker, "acceptance"), fields)).refused == "face_check_required"
    assert (await stored(walker)).state is CaseState.OPEN


async def test_refused_form_keeps_what_was_typed(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    typed = {
        **all_ticked(page),
        "materials_seen": page.boxes("materials_seen")[:1],
        "difference_name": "示例青（系统）",
    }
    refused = await console.send(page, at(walker, "acceptance"), typed)
    assert (refused.status, refused.refused) == (422, "materials_incomplete")
    kept = refused.form(at(walker, "acceptance"))
    assert kept["acceptance_number"] == NUMBERS["acceptance_number"]
    assert kept["difference_name"] == "示例青（系统）"
    assert f'value="{typed["materials_seen"][0]}" checked' in refused.html
    assert (await stored(walker)).state is CaseState.OPEN


async def test_differences_are_told_field_by_field_and_their_values_stay_out_of_the_history(
    at_desk: OpenConsole, deps: Deps
) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    told = {**all_ticked(page), "difference_household_address": "江西省赣州市章贡区演示路22号"}
    assert (await console.send(page, at(walker, "acceptance"), told)).status == 303
    event = await CaseEvent.get(case__number=walker.number, kind="accepted")
    assert event.facts["differing_fields"] == ["household_address"]
    assert "演示路22号" not in str(event.facts)


async def test_acceptance_number_counts_once(at_desk: OpenConsole, deps: Deps) -> None:
    console = await at_desk()
    first, second = await adult(deps), await adult(deps)
    await accepted(console, deps, first)
    page = await confirmed(console, second, await scanned(console, deps, second))
    again = await console.send(page, at(second, "acceptance"), all_ticked(page))
    assert (again.status, again.refused) == (409, "acceptance_number_used")
    assert (await stored(second)).state is CaseState.OPEN


async def test_pressing_the_button_twice_accepts_once(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await confirmed(console, walker, await scanned(console, deps, walker))
    assert (await console.send(page, at(walker, "acceptance"), all_ticked(page))).status == 303
    twice = await console.send(page, at(walker, "acceptance"), all_ticked(page))
    assert (twice.status, twice.refused) == (409, "case_not_open")
    assert await CaseEvent.filter(case__number=walker.number, kind="accepted").count() == 1
    assert await Notice.filter(case__number=walker.number, kind="accepted").count() == 1


async def test_supplements_are_listed_once_and_end_the_visit(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await scanned(console, deps, walker)
    empty = await console.send(page, at(walker, "supplements"), {"items": " \n "})
    assert (empty.status, empty.refused) == (422, "supplements_empty")
    went = await console.send(page, at(walker, "supplements"), {"items": "居民户口簿\n劳动合同"})
    assert went.status == 303
    event = await CaseEvent.get(case__number=walker.number, kind="supplements_listed")
    assert (event.facts, event.words) == ({}, {"items": ["居民户口簿", "劳动合同"]})
    after = await console.get(f"/cases/{walker.number}")
    assert not after.offers(at(walker, "supplements"))
    assert not after.offers(at(walker, "acceptance"))


async def test_decline_needs_one_of_the_reasons(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await scanned(console, deps, walker)
    bare = await console.send(page, at(walker, "decline"), {"note": "请回户籍地办理"})
    assert (bare.status, bare.refused) == (422, "malformed")
    assert 'value="请回户籍地办理"' in bare.html
    assert (await console.send(page, at(walker, "decline"), {"reason": "data_mismatch"})).status == 303
    assert (await stored(walker)).state is CaseState.DECLINED


async def test_nothing_is_offered_before_the_person_has_arrived(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    page = await console.get(f"/cases/{walker.number}")
    assert page.status == 200
    assert "<form" in page.html
    assert not any(
        page.offers(at(walker, act)) for act in ("acceptance", "decline", "supplements", "letter", "release")
    )
    fields = {**NUMBERS, "csrf_token": await console.csrf_token()}
    assert (await console.post(at(walker, "acceptance"), fields)).refused == "not_checked_in"


@pytest.mark.parametrize("state", list(CaseState))
async def test_page_shows_a_case_in_every_state(state: CaseState, at_desk: OpenConsole, deps: Deps) -> None:
    walker = await minor(deps)
    await Case.filter(number=walker.number).update(state=state)
    page = await (await at_desk("clerk-jj")).get(f"/cases/{walker.number}")
    assert page.status == 200
    assert label(state) in page.text
    assert page.offers(at(walker, "arrival")) is (state is CaseState.DISPATCHED)
    assert page.offers(at(walker, "release")) is (state is CaseState.ARRIVED)
    assert not page.offers(at(walker, "acceptance"))


@pytest.mark.parametrize("act", ["arrival", "release", "check"])
async def test_later_steps_wait_for_their_turn(act: str, at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    await accepted(console, deps, walker)
    fields = [
        ("csrf_token", await console.csrf_token()),
        ("collector", "self"),
        ("slip_number", NUMBERS["slip_number"]),
    ]
    fields += [("checks", check) for check in ("slip", "data", "fingerprint", "signature")]
    refused = await console.post(at(walker, act), fields)
    assert (refused.status, refused.refused) == (409, "check_not_due" if act == "check" else "step_out_of_order")
    assert (await stored(walker)).state is CaseState.ACCEPTED


async def test_wrong_slip_releases_nothing(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    await accepted(console, deps, walker)
    await bring_to_counter(deps, NUMBERS["acceptance_number"])
    page = await console.get(f"/cases/{walker.number}")
    page = await console.get((await console.send(page, at(walker, "arrival"))).location)
    checks = {"slip_number": "HZ-9999", "checks": ["slip", "data", "fingerprint", "signature"]}
    wrong = await console.send(page, at(walker, "release"), checks, collector="self")
    assert wrong.refused == "slip_mismatch"
    three = await console.send(
        page, at(walker, "release"), {"slip_number": NUMBERS["slip_number"], "checks": ["slip", "data", "signature"]},
        collector="self",
    )  # fmt: skip
    assert three.refused == "collection_checks_missing"
    assert (await stored(walker)).state is CaseState.ARRIVED


async def test_card_that_goes_by_post_is_not_registered_at_the_counter(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps, delivery=DeliveryMode.POST)
    console = await at_desk()
    await accepted(console, deps, walker)
    await bring_to_counter(deps, NUMBERS["acceptance_number"])
    page = await console.get(f"/cases/{walker.number}")
    assert not page.offers(at(walker, "arrival"))
    forced = await console.post(at(walker, "arrival"), {"csrf_token": await console.csrf_token()})
    assert forced.refused == "card_goes_by_post"


async def test_names_are_data_and_never_markup(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    await scanned(console, deps, walker)
    case = await stored(walker)
    canary = "<script>alert(1)</script>\"'><img src=x>{{7*7}}"
    case.form = {**case.form, "name": canary, "household_address": canary}
    await case.save(update_fields=["form"])
    page = await console.get(f"/cases/{walker.number}")
    for html in (page.html, (await console.get("/")).html):
        assert "<script>alert" not in html
        assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
    assert "{{7*7}}" in page.html
    typed = await console.send(page, at(walker, "acceptance"), {"acceptance_number": canary[:50]})
    assert "<script>alert" not in typed.html
    assert typed.form(at(walker, "acceptance"))["acceptance_number"] == canary[:50]


async def test_case_of_another_station_is_refused_and_the_try_is_on_record(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    case = await stored(walker)
    console = await at_desk("clerk-jj")
    page = await console.get(f"/cases/{walker.number}")
    assert (page.status, page.refused) == (403, "case_of_other_station")
    for secret in (walker.name, walker.identity_number):
        assert secret not in page.html
    token = await console.csrf_token()
    for act in ("letter", "acceptance", "decline", "supplements", "arrival", "release"):
        fields = {"csrf_token": token, "method": "paper", "reason": "data_mismatch", "items": "x", **NUMBERS}
        tried = await console.post(at(walker, act), {**fields, "collector": "self"})
        assert (tried.status, tried.refused) == (403, "case_of_other_station")
    entries = {entry.act for entry in await AuditEntry.filter(case_id=case.id, actor="staff:clerk-jj")}
    assert {"read_case_refused", "read_to_accept_refused"} <= entries
    assert walker.number not in (await console.get("/")).html


async def test_every_look_at_a_case_is_on_record(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    seen = await console.get(f"/cases/{walker.number}")
    entry = await AuditEntry.get(act="read_case", actor="staff:clerk-nc")
    assert entry.request_id == seen.headers["X-Request-Id"]


@pytest.mark.parametrize("number", ["261118-0000-0000-00", "x", "%00", "261118%0d%0aX-Evil:1", "9" * 300])
async def test_made_up_case_numbers_get_a_kind_page(number: str, at_desk: OpenConsole) -> None:
    page = await (await at_desk()).get(f"/cases/{number}")
    assert (page.status, page.refused) == (422, "case_number_malformed")
    assert "X-Evil" not in page.headers


async def test_well_formed_number_of_no_case_is_not_found(at_desk: OpenConsole) -> None:
    body = 26111800000001
    number = f"{body}{98 - body * 100 % 97:02d}"
    page = await (await at_desk()).get(f"/cases/{number}")
    assert (page.status, page.refused) == (404, "case_not_found")
