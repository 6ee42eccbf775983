"""The scan box: what a scanner types, what a hand types, and what is neither."""

import asyncio
import io

import pytest

from casework.deps import Deps
from casework.hand_off import CODE_LIFE
from domain.pass_text import split_text
from models.audit import AuditEntry
from models.case import CaseEvent
from tests.counter.conftest import OpenConsole
from tests.counter.people import adult, code_of
from tests.passes import a_text
from tests.workers.wiring import TurnedClock


async def test_scanned_code_checks_the_person_in_and_opens_the_case(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    went = await (await at_desk()).scan(await code_of(deps, walker))
    assert (went.status, went.location) == (303, f"/cases/{walker.number}?done=scan")
    assert await CaseEvent.filter(case__number=walker.number, kind="checked_in").count() == 1


async def test_code_typed_by_hand_is_read_as_meant(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    typed = (await code_of(deps, walker)).replace("-", " ").lower().replace("0", "o")
    assert (await (await at_desk()).scan(f"  {typed} ")).status == 303


async def test_an_offline_pass_is_not_for_the_online_console_and_the_clerk_is_told_what_is(
    at_desk: OpenConsole,
) -> None:
    """The server has no station's private key (R085), so it can only say which code to ask for."""
    console = await at_desk()
    for pasted in (a_text(), f"  {a_text().lower()}\r\n", split_text(a_text(), 400)[1]):
        page = await console.scan(pasted)
        assert page.refused == "pass_at_counter"
        assert "离线读取程序" in page.html


async def test_code_is_taken_once(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    code = await code_of(deps, walker)
    console = await at_desk()
    answers = await asyncio.gather(*[console.scan(code) for _ in range(5)])
    assert sorted(answer.status for answer in answers) == [303, 409, 409, 409, 409]
    assert {answer.refused for answer in answers} == {None, "code_used"}
    assert await CaseEvent.filter(case__number=walker.number, kind="checked_in").count() == 1


async def test_code_of_another_station_is_refused_and_on_record(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    page = await (await at_desk("clerk-jj")).scan(await code_of(deps, walker))
    assert (page.status, page.refused) == (403, "code_out_of_area")
    assert walker.name not in page.html
    assert await AuditEntry.filter(actor="staff:clerk-jj", act="redeem_code_refused").count() == 1


async def test_code_dies_of_age_and_of_a_newer_code(at_desk: OpenConsole, deps: Deps, clock: TurnedClock) -> None:
    walker = await adult(deps)
    console = await at_desk()
    older = await code_of(deps, walker)
    newer = await code_of(deps, walker)
    assert (await console.scan(older)).refused == "code_revoked"
    clock.turn(seconds=CODE_LIFE.total_seconds())
    late = await console.scan(newer)
    assert (late.status, late.refused) == (410, "code_expired")


async def test_another_day_needs_a_reason(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps, days_ahead=1)
    console = await at_desk()
    code = await code_of(deps, walker)
    asked = await console.scan(code)
    assert (asked.status, asked.refused) == (409, "not_service_day")
    went = await console.send(asked, "/scan", {"other_day_reason": "申请人远道而来"}, other_day_reason="")
    assert went.status == 303
    assert (await AuditEntry.get(act="redeem_code")).facts == {"other_day": True}
    event = await CaseEvent.get(case__number=walker.number, kind="checked_in")
    assert event.words == {"other_day_reason": "申请人远道而来"}


async def test_numbers_typed_by_hand_open_their_case(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    for typed in (walker.number, walker.number.replace("-", "")):
        assert (await console.scan(typed)).location == f"/cases/{walker.number}"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "malformed"),
        ("x" * 4001, "malformed"),
        ("TB-AAAA-BBBB", "code_malformed"),
        ("没有这个编号", "case_not_found"),
        ("https://example.com/pay?x=1", "scan_not_ours"),
        ("HTTP://EXAMPLE.COM/A", "scan_not_ours"),
        ("wxp://f2f0abc", "scan_not_ours"),
        ('{"app":"other","id":7}', "scan_not_ours"),
        ("TB1:6BFOXN*TS0BI$ZD", "pass_at_counter"),
        ("1" * 22, "case_not_found"),
        ("' OR 1=1 --", "case_not_found"),
    ],
)
async def test_what_is_no_code_is_told_apart_kindly(typed: str, code: str, at_desk: OpenConsole) -> None:
    page = await (await at_desk()).scan(typed)
    assert page.refused == code
    assert page.status in {404, 422}
    assert page.form("/scan")["code"] == ""


async def test_five_megabytes_pasted_are_refused(at_desk: OpenConsole) -> None:
    paste = io.BytesIO(b"code=" + b"9" * 5_000_000)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (await at_desk()).client.post("/scan", data=paste, headers=form) as answer:
        assert answer.status == 413
        assert 'data-code="too_large"' in await answer.text()


async def test_list_of_another_day_can_be_looked_up(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps, days_ahead=1)
    console = await at_desk()
    assert walker.number not in (await console.get("/")).html
    tomorrow = await console.get("/?day=2026-11-19")
    assert walker.number in tomorrow.html
    assert walker.name not in tomorrow.html
    assert (await console.get("/?day=never")).refused == "malformed"
