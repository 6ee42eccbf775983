"""What station systems may report, proven by signature; JSON refusals of one shape."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casework.deps import Deps
from casework.report_shape import read_report
from domain.terms import CaseState, DeliveryMode, KeyAlgorithm
from models.case import Case, CaseEvent
from models.staff import keep_station_key
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Page
from tests.counter.people import CENTRE_KEY, COUNTER_KEY, HOUSEHOLD_KEY, Walker, adult
from tests.counter.stations import body_of, signed
from tests.counter.test_counter_work import NUMBERS, accepted
from tests.house.plan import HOME
from tests.workers.wiring import TurnedClock

REPORTS = "/station/v1/reports"
NUMBER = NUMBERS["acceptance_number"]


@pytest.fixture
async def walker(at_desk: OpenConsole, deps: Deps) -> Walker:
    """Accepted at the counter a moment ago."""
    walker = await adult(deps)
    await accepted(await at_desk(), deps, walker)
    return walker


async def send(console: Console, body: bytes, headers: dict[str, str]) -> tuple[Page, dict[str, Any]]:
    async with console.client.post(REPORTS, data=body, headers=headers) as response:
        page = Page(response.status, response.headers, await response.text())
    return page, json.loads(page.html)


async def state_of(walker: Walker) -> CaseState:
    return (await Case.get(number=walker.number)).state


async def test_reports_move_the_case_along(console: Console, walker: Walker, clock: TurnedClock) -> None:
    now = clock.now()
    body = body_of(NUMBER, "review_started", now)
    page, receipt = await send(console, body, signed(body, now))
    assert page.status == 200
    assert receipt["case_number"] == walker.number
    assert receipt["state"] == "under_review"
    assert receipt["duplicate"] is False
    assert receipt["review_due_on"] == "2026-11-23"  # five days, Jiangxi's clock (R093)
    body = body_of(NUMBER, "issued", now, facts={"issued_on": "2026-11-18"})
    _, receipt = await send(console, body, signed(body, now))
    assert receipt["state"] == "issued"
    for kind, state in {"production_started": "in_production", "dispatched": "dispatched"}.items():
        body = body_of(NUMBER, kind, now)
        _, receipt = await send(console, body, signed(body, now, CENTRE_KEY))
        assert receipt["state"] == state


async def test_same_report_again_is_known_and_changes_nothing(
    console: Console, walker: Walker, clock: TurnedClock
) -> None:
    body = body_of(NUMBER, "review_started", clock.now())
    first, _ = await send(console, body, signed(body, clock.now()))
    again, receipt = await send(console, body, signed(body, clock.now()))
    assert (first.status, again.status, receipt["duplicate"]) == (200, 200, True)
    assert await CaseEvent.filter(case__number=walker.number, kind="review_started").count() == 1


async def test_report_out_of_order_is_refused(console: Console, walker: Walker, clock: TurnedClock) -> None:
    body = body_of(NUMBER, "dispatched", clock.now())
    page, problem = await send(console, body, signed(body, clock.now(), CENTRE_KEY))
    assert (page.status, problem["code"]) == (409, "step_out_of_order")
    assert await state_of(walker) is CaseState.ACCEPTED


async def test_unsigned_badly_signed_and_stale_reports_are_refused(
    console: Console, walker: Walker, clock: TurnedClock
) -> None:
    now = clock.now()
    body = body_of(NUMBER, "review_started", now)
    good = signed(body, now)
    clock.turn(seconds=301)
    later = clock.now()
    attempts = [
        ({"Content-Type": "application/json"}, "reporter_unknown"),
        (signed(body, later, "nobody"), "reporter_unknown"),
        (signed(body, later, secret="another secret"), "report_signature_bad"),
        (signed(body + b" ", later), "report_signature_bad"),
        ({**signed(body, later), "X-Tongban-Timestamp": "9" * 5000}, "report_signature_bad"),
        ({**signed(body, later), "X-Tongban-Signature": "签名"}, "report_signature_bad"),
        (good, "report_stale"),
    ]
    for headers, code in attempts:
        page, problem = await send(console, body, headers)
        assert (page.status, problem["code"]) == (401, code)
    assert await state_of(walker) is CaseState.ACCEPTED


async def test_station_reports_only_on_its_own_cases_and_kinds(
    console: Console, walker: Walker, clock: TurnedClock
) -> None:
    now = clock.now()
    body = body_of(NUMBER, "review_started", now)
    for key_id in ("demo-household-44", CENTRE_KEY):
        page, problem = await send(console, body, signed(body, now, key_id))
        assert (page.status, problem["code"]) == (403, "report_not_yours")
    assert await state_of(walker) is CaseState.ACCEPTED


async def test_unknown_acceptance_number_is_not_found(console: Console, deps: Deps, clock: TurnedClock) -> None:
    body = body_of("3601022026111899999999", "review_started", clock.now())
    page, problem = await send(console, body, signed(body, clock.now()))
    assert (page.status, problem["code"]) == (404, "case_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "closed"}, "kind"),
        ({"at": "2026-11-18T09:30:00"}, "at"),
        ({"at": 1763429400}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-18T20:00:00+08:00"}, "at"),
        ({"report_id": ""}, "report_id"),
        ({"report_id": "r" * 65}, "report_id"),
        ({"report_id": 7}, "report_id"),
        ({"unit": ""}, "unit"),
        ({"unit": "a\u0000b"}, "unit"),
        ({"facts": {"issued_on": 0}}, "facts.issued_on"),
        ({"facts": {"refusal_reason": "x" * 201}}, "facts.refusal_reason"),
        ({"facts": {"state": "closed"}}, "facts"),
        ({"state": "closed"}, "JSON"),
    ],
)
async def test_report_of_another_shape_is_refused_with_its_field(
    change: dict[str, Any], field: str, console: Console, walker: Walker, clock: TurnedClock
) -> None:
    now = clock.now()
    body = body_of(NUMBER, "review_started", now)
    told = {**json.loads(body), **change}
    body = json.dumps(told).encode()
    page, problem = await send(console, body, signed(body, now))
    assert (page.status, problem["code"], problem["field"]) == (422, "report_malformed", field)
    assert await state_of(walker) is CaseState.ACCEPTED


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{", id="half"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
        pytest.param(b"[" * 30_000, id="deep"),
    ],
)
async def test_what_is_no_json_object_is_refused(body: bytes, console: Console, deps: Deps, clock: TurnedClock) -> None:
    page, problem = await send(console, body, signed(body, clock.now()))
    assert (page.status, problem["code"]) == (422, "report_malformed")


async def test_name_told_twice_is_refused(console: Console, walker: Walker, clock: TurnedClock) -> None:
    body = body_of(NUMBER, "review_started", clock.now()).replace(b"{", b'{"unit": "another", ', 1)
    page, problem = await send(console, body, signed(body, clock.now()))
    assert (page.status, problem["code"]) == (422, "report_malformed")
    assert await state_of(walker) is CaseState.ACCEPTED


async def test_report_over_64_kib_is_refused(console: Console, deps: Deps, clock: TurnedClock) -> None:
    body = b" " * (64 * 1024 + 1)
    page, problem = await send(console, body, signed(body, clock.now()))
    assert (page.status, problem["code"]) == (413, "too_large")


async def test_refusals_of_the_station_api_have_one_shape(console: Console, deps: Deps) -> None:
    async with console.client.get(REPORTS) as response:
        wrong_method = await response.json(content_type="application/problem+json")
    async with console.client.post("/station/v1/nothing", data=b"") as response:
        missing = await response.json(content_type="application/problem+json")
    _, unsigned = await send(console, b"{}", {})
    for problem, status in ((wrong_method, 405), (missing, 404), (unsigned, 401)):
        assert problem["status"] == status
        assert problem["type"] == f"/problems/{problem['code']}"
        assert {"title", "detail", "instance", "advice"} <= problem.keys()


async def test_card_received_by_post_starts_the_later_check(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    walker = await adult(deps, delivery=DeliveryMode.POST)
    clerk = await at_desk()
    await accepted(clerk, deps, walker)
    now = clock.now()
    steps = [
        ("review_started", "demo-household-36"),
        ("issued", "demo-household-36"),
        ("production_started", CENTRE_KEY),
    ]
    for kind, key_id in [*steps, ("dispatched", CENTRE_KEY), ("received_by_post", CENTRE_KEY)]:
        facts = {"received_on": "2026-11-18"} if kind == "received_by_post" else {}
        body = body_of(NUMBER, kind, now, facts=facts)
        page, _ = await send(clerk, body, signed(body, now, key_id))
        assert page.status == 200, page.html
    assert (await clerk.get(f"/cases/{walker.number}")).offers(f"/cases/{walker.number}/check")


async def test_accepted_reported_over_https_needs_our_number_of_the_case(
    console: Console, deps: Deps, clock: TurnedClock
) -> None:
    walker = await adult(deps)
    facts = {"slip_number": "HZ-1", "officer": "NC-7"}
    body = body_of(NUMBER, "accepted", clock.now(), facts=facts)
    page, problem = await send(console, body, signed(body, clock.now(), COUNTER_KEY))
    assert (page.status, problem["code"], problem["field"]) == (422, "report_malformed", "case_number")
    body = body_of(NUMBER, "accepted", clock.now(), facts=facts, case_number=walker.number)
    page, receipt = await send(console, body, signed(body, clock.now(), COUNTER_KEY))
    assert (page.status, receipt["state"]) == (200, "accepted")
    body = body_of(NUMBER[:-1] + "9", "accepted", clock.now(), facts=facts, case_number=walker.number)
    page, problem = await send(console, body, signed(body, clock.now(), COUNTER_KEY))
    assert (page.status, problem["code"]) == (409, "acceptance_number_differs")


async def test_a_second_word_is_good_while_the_first_is_changed(
    console: Console, walker: Walker, clock: TurnedClock
) -> None:
    ends = clock.now() + timedelta(minutes=1)
    await keep_station_key(HOUSEHOLD_KEY, "next", KeyAlgorithm.HMAC, "another word", clock.now(), ends_at=ends)
    body = body_of(NUMBER, "review_started", clock.now())
    page, receipt = await send(console, body, signed(body, clock.now(), "next", "another word"))
    assert (page.status, receipt["duplicate"]) == (200, False)
    page, receipt = await send(console, body, signed(body, clock.now()))
    assert (page.status, receipt["duplicate"]) == (200, True)  # one system, whichever key
    clock.turn(minutes=1)
    page, problem = await send(console, body, signed(body, clock.now(), "next", "another word"))
    assert (page.status, problem["code"]) == (401, "reporter_unknown")


async def test_who_is_off_by_the_clock_is_told_the_time(console: Console, walker: Walker, clock: TurnedClock) -> None:
    body = body_of(NUMBER, "review_started", clock.now())
    early = signed(body, clock.now() - timedelta(minutes=6))
    _, problem = await send(console, body, early)
    assert (problem["code"], problem["server_time"]) == ("report_stale", "2026-11-18T01:30:00+00:00")


def test_the_example_of_the_document_is_right() -> None:
    text = (HOME / "docs/station-api.md").read_text(encoding="utf-8")
    body = re.search(r"```json\n(.+)\n```", text)
    stamp = re.search(r"X-Tongban-Timestamp: ([0-9]+)", text)
    word = re.search(r"The word is `([^`]+)`", text)
    told = re.search(r"^[0-9a-f]{64}$", text, re.MULTILINE)
    assert body
    assert stamp
    assert word
    assert told
    at = datetime.fromtimestamp(int(stamp[1]), UTC)
    assert signed(body[1].encode(), at, secret=word[1])["X-Tongban-Signature"] == told[0]
    assert read_report(body[1].encode()).report_id == "2026-000017"
