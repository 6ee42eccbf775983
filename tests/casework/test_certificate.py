"""The household registration certificate, on the spot and by the verification officer (R160–R174, K4)."""

import io
import json
import zipfile
from datetime import date

import pytest

from casework.accept import accept
from casework.ask_household import Sending, record_answer, record_receipt, record_unverifiable, send_materials
from casework.cancel_certificate import cancel_certificate
from casework.certify_household import (
    SystemFacts,
    certificate_file,
    certify_household,
    certify_on_the_spot,
    file_certificate,
)
from casework.hand_over import hand_over
from casework.notify import deliver_due
from casework.open_case import CertificateWish, open_case
from casework.pack_materials import materials_to_send
from casework.reach_people import open_reach_tasks, people_to_reach
from casework.remind_due import remind_due
from casework.serve import read_case
from casework.track import my_case
from casework.verify_certificate import verify_certificate
from domain.terms import (
    CaseState,
    CertificateMatter,
    CertificateWay,
    ClockKind,
    DeliveryMode,
    NoticeKind,
    ProofKind,
    ServiceItem,
    TransmissionChannel,
    TransmissionPurpose,
)
from models.case import Case
from models.deadline import clocks_of
from models.notice import notices_of
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import GUANGZHOU, NUMBER_UNKNOWN, SHENZHEN, Town, key
from tests.casework.way import Kind, Way, set_out

FROM_JIANGXI = Kind(
    "360702", "江西省赣州市章贡区测试路7号707室", "440106", "广东省广州市天河区测试路8号808室",
    GUANGZHOU, "", "", birth=date(1990, 3, 5), letter=None, proof=ProofKind.EMPLOYMENT,
)  # fmt: skip
THREE = CertificateWish((CertificateMatter.NAME, CertificateMatter.REGISTERED_ADDRESS))
MORE = CertificateWish((CertificateMatter.KINSHIP,), "与某人曾在同一户")
HANDED = {"valid_id_shown": True, "sealed": True}
FAX = Sending(TransmissionChannel.FAX, "示例派出所", "示例专管员")
WORDS = "示例甲，1990年3月5日出生。\n与示例乙系同户成员。"


async def wishing(town: Town, certificate: CertificateWish | None = THREE, **other: object) -> Way:
    way = await set_out(town, FROM_JIANGXI)
    declared = await way.declare(item=ServiceItem.HOUSEHOLD_CERTIFICATE)
    stated = {"item": ServiceItem.HOUSEHOLD_CERTIFICATE, "booklet_obtainable": False, "certificate": certificate}
    wish = await way.wish(declared, **{**stated, **other})
    way.number = (await open_case(town.deps, way.citizen, wish, key())).number
    return way


async def accepted(town: Town, certificate: CertificateWish = THREE) -> Way:
    way = await wishing(town, certificate)
    await way.book()
    await way.check_in()
    clerk = await town.clerk(GUANGZHOU)
    stated = await way.acceptance(acceptance_number="", slip_number="")
    assert (await accept(town.deps, clerk, way.number, stated)).state is CaseState.ACCEPTED
    return way


async def checking(town: Town) -> Way:
    way = await accepted(town, MORE)
    await send_materials(town.deps, await town.clerk(GUANGZHOU), way.number, FAX, received=True)
    return way


def as_in_the_system(way: Way, **other: str) -> SystemFacts:
    facts = {
        "name": "示例甲",
        "identity_number": way.identity_number,
        "registered_address": "江西省赣州市章贡区测试路7号",
    }
    return SystemFacts(**{**facts, **other})


async def told(way: Way) -> list[NoticeKind]:
    case = await Case.get(number=way.number)
    return [notice.kind for notice in await notices_of(case.id)]


async def test_it_is_opened_booked_and_accepted_by_the_same_acts(town: Town) -> None:
    """R038, R051, R161, R162: two papers, no letter, no fee, three checks face to face."""
    way = await wishing(town)
    view = await my_case(town.deps, way.citizen, way.number)
    assert (view.fee, view.letter.standing, view.missing) == (0, "not_required", ("booking",))
    assert view.certificate is not None
    assert view.certificate.matters == ("姓名", "户籍登记地址")
    await way.book()
    page = await way.check_in()
    assert [line.code for line in page.materials] == ["valid_id", "application_form"]
    assert [line.code for line in page.checks] == ["identity_checked", "conditions_checked", "service_chosen"]
    clerk = await town.clerk(GUANGZHOU)
    partly = await way.acceptance(checks=("identity_checked",))
    with refused("counter_checks_missing"):
        await accept(town.deps, clerk, way.number, partly)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"booklet_obtainable": True}, "booklet_obtainable"),
        ({"booklet_obtainable": None}, "answer_required"),
        ({"certificate": None}, "certificate_matter_required"),
        ({"delivery": DeliveryMode.POST}, "delivery_not_offered"),
    ],
)
async def test_whoever_has_the_booklet_or_leaves_something_open_is_told_what_to_do(
    wrong: dict[str, object], code: str, town: Town
) -> None:
    with refused(code):
        await wishing(town, **wrong)  # type: ignore[arg-type]


async def test_who_applied_on_the_platform_of_the_delta_is_pointed_there(town: Town) -> None:
    """R024."""
    home = Kind(
        "340104", "安徽省合肥市蜀山区测试路1号", "310115", "上海市浦东新区测试路2号", "", "", "",
        birth=date(1990, 3, 5), proof=ProofKind.RESIDENCE,
    )  # fmt: skip
    way = await set_out(town, home)
    declared = await way.declare(item=ServiceItem.HOUSEHOLD_CERTIFICATE)
    stated = {"item": ServiceItem.HOUSEHOLD_CERTIFICATE, "booklet_obtainable": False, "certificate": THREE}
    for answer, code in ((True, "applied_online_already"), (None, "answer_required")):
        with refused(code):
            await open_case(town.deps, way.citizen, await way.wish(declared, **stated, applied_online=answer), key())
    opened = await open_case(town.deps, way.citizen, await way.wish(declared, **stated, applied_online=False), key())
    assert opened.item is ServiceItem.HOUSEHOLD_CERTIFICATE


async def test_on_the_spot_says_three_facts_and_is_filed_with_the_household_station(town: Town) -> None:
    """R169, R172: form 2; closed once handed over and filed, in either order."""
    way, clerk = await accepted(town), await town.clerk(GUANGZHOU)
    with refused("certificate_facts_differ"):
        await certify_on_the_spot(town.deps, clerk, way.number, as_in_the_system(way, name="示例乙"))
    page = await certify_on_the_spot(town.deps, clerk, way.number, as_in_the_system(way))
    assert page.certificate is not None
    assert (page.state, page.certificate.way) == (CaseState.READY, CertificateWay.ON_THE_SPOT)
    assert page.certificate.content == (
        "申请人姓名：示例甲",
        f"申请人公民身份号码：{way.identity_number}",
        "申请人户籍登记地址：江西省赣州市章贡区测试路7号",
    )
    assert (await certificate_file(town.deps, clerk, way.number)).startswith(b"%PDF-1.7")
    with refused("handover_checks_missing"):
        await hand_over(town.deps, clerk, way.number, {"valid_id_shown": True})
    assert (await hand_over(town.deps, clerk, way.number, HANDED)).state is CaseState.RELEASED
    package = zipfile.ZipFile(io.BytesIO((await materials_to_send(town.deps, clerk, way.number)).archive))
    assert sorted(package.namelist()) == ["certificate.pdf", "data.json", "notice.pdf"]
    done = await file_certificate(town.deps, clerk, way.number, FAX)
    assert done.state is CaseState.CLOSED
    with refused("filed_already"):
        await file_certificate(town.deps, clerk, way.number, FAX)


async def test_more_than_three_facts_need_the_household_station(town: Town) -> None:
    way, clerk = await accepted(town, MORE), await town.clerk(GUANGZHOU)
    assert "certify_on_the_spot" not in (await read_case(town.deps, clerk, way.number)).may
    with refused("certificate_beyond_the_spot"):
        await certify_on_the_spot(town.deps, clerk, way.number, as_in_the_system(way))


async def test_by_the_officer_from_package_to_collection(town: Town) -> None:
    """R163–R167: sent, received, five working days (K4), answered, issued word for word, told to collect."""
    way, clerk = await accepted(town, MORE), await town.clerk(GUANGZHOU)
    package = await materials_to_send(town.deps, clerk, way.number)
    files = zipfile.ZipFile(io.BytesIO(package.archive))
    data = json.loads(files.read("data.json"))
    assert (data["purpose"], data["matters"], data["other_matter"]) == ("verification", ["kinship"], "与某人曾在同一户")
    assert files.read("request.pdf").startswith(b"%PDF-1.7")
    sent = await send_materials(town.deps, clerk, way.number, FAX)
    assert sent.state is CaseState.TRANSMITTED
    await send_materials(town.deps, clerk, way.number, FAX)  # it did not get through
    assert (await record_receipt(town.deps, clerk, way.number)).state is CaseState.UNDER_REVIEW
    view = await my_case(town.deps, way.citizen, way.number)
    (clock,) = view.clocks
    assert (clock.kind, clock.due_on) == (ClockKind.CERTIFICATE_CHECK, date(2026, 9, 24))
    with refused("certificate_not_answered"):
        await certify_household(town.deps, clerk, way.number)
    assert (await record_answer(town.deps, clerk, way.number, "示例派出所", WORDS)).state is CaseState.CONFIRMED
    assert (await my_case(town.deps, way.citizen, way.number)).clocks[0].stopped
    page = await certify_household(town.deps, clerk, way.number)
    assert page.certificate is not None
    assert page.certificate.content == tuple(WORDS.split("\n"))
    assert [sent.purpose for sent in page.certificate.transmissions] == [TransmissionPurpose.VERIFICATION] * 2
    assert NoticeKind.CERTIFICATE_READY in await told(way)
    assert (await hand_over(town.deps, clerk, way.number, HANDED)).state is CaseState.CLOSED
    with refused("nothing_to_file"):
        await file_certificate(town.deps, clerk, way.number, FAX)


async def test_what_can_t_be_verified_ends_and_the_person_is_told_where_to_go(town: Town) -> None:
    """R166."""
    way, clerk = await checking(town), await town.clerk(GUANGZHOU)
    assert (await record_unverifiable(town.deps, clerk, way.number, "信息不一致")).state is CaseState.UNVERIFIABLE
    assert NoticeKind.CERTIFICATE_UNVERIFIABLE in await told(way)
    view = await my_case(town.deps, way.citizen, way.number)
    assert "户籍地派出所" in view.next_step
    assert "信息不一致" not in str(view)


@pytest.mark.parametrize("ended", ["answered", "unverifiable", "issued"])
async def test_an_answer_to_a_closed_request_is_refused(ended: str, town: Town) -> None:
    way, clerk = await checking(town), await town.clerk(GUANGZHOU)
    if ended == "unverifiable":
        await record_unverifiable(town.deps, clerk, way.number, "")
    else:
        await record_answer(town.deps, clerk, way.number, "示例派出所", WORDS)
    if ended == "issued":
        await certify_household(town.deps, clerk, way.number)
    with refused("request_closed"):
        await record_answer(town.deps, clerk, way.number, "示例派出所", "另一种说法")
    with refused("request_closed"):
        await record_unverifiable(town.deps, clerk, way.number, "")


async def test_an_answer_before_the_papers_were_received_is_out_of_order(town: Town) -> None:
    way, clerk = await accepted(town, MORE), await town.clerk(GUANGZHOU)
    with refused("step_out_of_order"):
        await record_answer(town.deps, clerk, way.number, "示例派出所", WORDS)
    with refused("nothing_to_file"):
        await file_certificate(town.deps, clerk, way.number, FAX)


async def test_answered_and_issued_once_however_many_click(town: Town) -> None:
    way, clerk = await checking(town), await town.clerk(GUANGZHOU)
    answers = await at_once(record_answer(town.deps, clerk, way.number, "示例派出所", WORDS) for _ in range(3))
    assert answers[DONE] == 1
    assert set(answers) <= {DONE, "step_out_of_order", "request_closed"}
    issued = await at_once(certify_household(town.deps, clerk, way.number) for _ in range(3))
    assert issued == {DONE: 1, "step_out_of_order": 2}
    assert (await told(way)).count(NoticeKind.CERTIFICATE_READY) == 2  # by SMS and by WeChat


async def test_anybody_verifies_a_certificate_and_learns_nothing_of_what_it_says(town: Town) -> None:
    way, clerk = await accepted(town), await town.clerk(GUANGZHOU)
    page = await certify_on_the_spot(town.deps, clerk, way.number, as_in_the_system(way))
    assert page.certificate is not None
    number = page.certificate.number
    assert number is not None
    found = await verify_certificate(town.deps, number.lower().replace("-", " "))
    assert (found.unit, found.issued_on, found.name_masked) == (f"演示受理点{GUANGZHOU}", date(2026, 9, 18), "示**")
    assert way.identity_number not in str(found)
    assert "测试路" not in str(found)
    with refused("certificate_number_malformed"):
        await verify_certificate(town.deps, number[:-1] + ("0" if number[-1] != "0" else "1"))
    with refused("certificate_unknown"):
        await verify_certificate(town.deps, "HJ260918-0000-0000-0000-" + check_digits("260918000000000000"))


def check_digits(body: str) -> str:
    return f"{98 - int(body) * 100 % 97:02d}"


async def test_another_station_and_another_item_are_refused(town: Town) -> None:
    way = await accepted(town)
    elsewhere = await town.clerk(SHENZHEN)
    for act in (
        lambda: certify_on_the_spot(town.deps, elsewhere, way.number, as_in_the_system(way)),
        lambda: send_materials(town.deps, elsewhere, way.number, FAX),
        lambda: certificate_file(town.deps, elsewhere, way.number),
        lambda: materials_to_send(town.deps, elsewhere, way.number),
    ):
        with refused("case_of_other_station"):
            await act()
    with refused("certificate_not_issued"):
        await certificate_file(town.deps, await town.clerk(GUANGZHOU), way.number)


async def test_a_certificate_nobody_heard_of_is_a_task_for_a_person_until_it_is_handed_over(town: Town) -> None:
    """K8: as for a card, at the point where it waits."""
    way, clerk = await checking(town), await town.clerk(GUANGZHOU)
    await deliver_due(town.deps)
    town.sms.answer = NUMBER_UNKNOWN
    await record_answer(town.deps, clerk, way.number, "示例派出所", WORDS)
    await certify_household(town.deps, clerk, way.number)
    await deliver_due(town.deps)
    assert await open_reach_tasks(town.deps) == 1
    (line,) = await people_to_reach(town.deps, clerk)
    assert (line.number, line.kind) == (way.number, NoticeKind.CERTIFICATE_READY)
    await hand_over(town.deps, clerk, way.number, HANDED)
    assert await people_to_reach(town.deps, clerk) == ()


async def test_an_officer_cancels_it_before_the_issue_and_the_person_is_told(town: Town) -> None:
    """H12: the clock of the household station stops with it."""
    way, clerk = await checking(town), await town.clerk(GUANGZHOU)
    with refused("cancel_reason_required"):
        await cancel_certificate(town.deps, clerk, way.number, " ")
    with refused("case_of_other_station"):
        await cancel_certificate(town.deps, await town.clerk(SHENZHEN), way.number, "不再需要")
    page = await cancel_certificate(town.deps, clerk, way.number, "申请人已取得居民户口簿")
    assert (page.state, page.may) == (CaseState.WITHDRAWN, ())
    view = await my_case(town.deps, way.citizen, way.number)
    assert all(clock.stopped for clock in view.clocks)
    assert NoticeKind.WITHDRAWN in await told(way)
    assert "居民户口簿" not in str([event.facts for event in view.history])
    with refused("request_closed"):
        await record_answer(town.deps, clerk, way.number, "示例派出所", WORDS)
    with refused("step_out_of_order"):
        await cancel_certificate(town.deps, clerk, way.number, "再取消一次")


async def test_one_that_waits_is_reminded_of_on_the_days_of_the_rule(town: Town) -> None:
    """H12, as for cards: after a week, a month and two months, once each."""
    way, clerk = await accepted(town), await town.clerk(GUANGZHOU)
    await certify_on_the_spot(town.deps, clerk, way.number, as_in_the_system(way))
    assert await remind_due(town.deps) == 0
    town.clock.turn(days=8)
    assert [await remind_due(town.deps) for _ in range(2)] == [1, 0]
    town.clock.turn(days=23)
    assert await remind_due(town.deps) == 1
    assert NoticeKind.CERTIFICATE_READY in await told(way)


async def test_the_clock_runs_against_the_station_that_was_asked(town: Town) -> None:
    """R186: whoever is late stands on record, and it is not the counter; a year nobody knows yet has no last day."""
    way, clerk = await accepted(town, MORE), await town.clerk(GUANGZHOU)
    await send_materials(town.deps, clerk, way.number, FAX)
    town.clock.set(date(2026, 12, 30))
    await record_receipt(town.deps, clerk, way.number)
    (clock,) = await clocks_of((await Case.get(number=way.number)).id)
    assert (clock.unit, clock.division) == ("示例派出所", "360702")
    assert (clock.due_on, clock.missing_year) == (None, 2027)
