"""A scan whose clerk is looked up together with the code: the same doors stay shut, the same rows are written."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from casework.deps import Deps
from casework.sign_in_limits import SESSION_IDLE, SESSION_LIFE, TOUCH_EVERY
from counter import access
from counter.middleware import HEADERS
from domain.terms import StaffRole
from models.audit import AuditEntry
from models.case import CaseEvent
from models.staff import Staff, StaffSession
from tests.counter.conftest import WEDNESDAY_MORNING, OpenConsole
from tests.counter.console import Console, Fields
from tests.counter.people import adult, code_of
from tests.lines import hang_up
from tests.workers.wiring import TurnedClock

COOKIE = "__Host-tongban-console"


@pytest.fixture
def only_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may be looked up by themselves any more."""

    async def refuse(*_: Any) -> None:
        pytest.fail("this scan went the plain way")

    monkeypatch.setattr(access, "who_serves", refuse)


async def _checked_in() -> int:
    return await CaseEvent.filter(kind="checked_in").count()


async def _form(console: Console, deps: Deps) -> Fields:
    """What the scan box sends for a code that opens a case."""
    return {"csrf_token": await console.csrf_token(), "code": await code_of(deps, await adult(deps))}


async def test_ordinary_scan_asks_for_clerk_and_code_in_one(
    at_desk: OpenConsole, deps: Deps, request: pytest.FixtureRequest
) -> None:
    console = await at_desk()
    form = await _form(console, deps)
    request.getfixturevalue("only_at_once")
    went = await console.post("/scan", {**form, "other_day_reason": "", "other_station_reason": ""})
    assert went.status == 303
    assert await _checked_in() == 1
    entry = await AuditEntry.get(act="redeem_code")
    assert (entry.actor, entry.request_id) == ("staff:clerk-nc", went.headers["X-Request-Id"])


async def test_many_clerks_who_scan_at_once_stand_each_on_their_own_record(at_desk: OpenConsole, deps: Deps) -> None:
    forms = [(console := await at_desk(), await _form(console, deps)) for _ in range(3)]
    other = await at_desk("clerk-jj")
    forms.append((other, await _form(other, deps)))
    told = await asyncio.gather(*(console.post("/scan", form) for console, form in forms))
    assert [went.status for went in told] == [303, 303, 303, 403]
    assert await AuditEntry.filter(act="redeem_code", actor="staff:clerk-nc").count() == 3
    assert await _checked_in() == 3


_Change = Callable[[], Awaitable[Any]]
_STILL = WEDNESDAY_MORNING + timedelta(days=1)
_NOT_IN: dict[str, tuple[_Change, str]] = {
    "signed out": (lambda: StaffSession.all().update(ended_at=WEDNESDAY_MORNING), "staff_session_required"),
    "over": (lambda: StaffSession.all().update(ends_at=WEDNESDAY_MORNING), "staff_session_required"),
    "idle": (
        lambda: StaffSession.all().update(last_seen_at=WEDNESDAY_MORNING - SESSION_IDLE - timedelta(seconds=1)),
        "staff_session_required",
    ),
    "disabled": (lambda: Staff.filter(username="clerk-nc").update(disabled_at=_STILL), "staff_session_required"),
    "another role": (
        lambda: Staff.filter(username="clerk-nc").update(role=StaffRole.SUPERVISOR),
        "staff_role_missing",
    ),
    "initial password": (
        lambda: Staff.filter(username="clerk-nc").update(password_until=_STILL),
        "account_unfinished",
    ),
}


@pytest.mark.parametrize("why", _NOT_IN)
async def test_who_may_not_scan_opens_nothing(why: str, at_desk: OpenConsole, deps: Deps) -> None:
    console = await at_desk()
    form = await _form(console, deps)
    change, refusal = _NOT_IN[why]
    await change()
    assert (await console.post("/scan", form)).refused == refusal
    assert await _checked_in() == 0


async def test_nobody_scans_without_the_form_of_the_own_session(at_desk: OpenConsole, deps: Deps) -> None:
    console, other = await at_desk(), await at_desk()
    form = await _form(console, deps)
    strange = await other.csrf_token()
    for fields in ({**form, "csrf_token": strange}, {**form, "csrf_token": ""}, {"code": form["code"]}):
        assert (await console.post("/scan", fields)).refused == "csrf_failed"
    twice = [*form.items(), ("csrf_token", form["csrf_token"])]
    assert (await console.post("/scan", twice)).refused == "malformed"
    assert (await console.post("/scan", [*form.items(), ("code", form["code"])])).refused == "malformed"
    assert (await console.post("/scan", form, **{"Sec-Fetch-Site": "cross-site"})).refused == "csrf_failed"
    console.client.session.cookie_jar.clear()
    assert (await console.post("/scan", form, Cookie=f"{COOKIE}=made-up")).refused == "staff_session_required"
    assert (await console.post("/scan", form)).refused == "staff_session_required"
    assert await _checked_in() == 0


async def test_codes_with_what_nobody_sees_are_refused_as_before(at_desk: OpenConsole, deps: Deps) -> None:
    console = await at_desk()
    form = await _form(console, deps)
    for unseen in ("\x00", "\u200b", "\u2028"):
        page = await console.post("/scan", {**form, "code": form["code"][:5] + unseen + form["code"][5:]})
        assert page.refused == "malformed"
    assert await _checked_in() == 0


async def test_session_is_kept_alive_by_scans(at_desk: OpenConsole, deps: Deps, clock: TurnedClock) -> None:
    console = await at_desk()
    form = await _form(console, deps)
    clock.turn(seconds=TOUCH_EVERY.total_seconds() + 1)
    assert (await console.post("/scan", form)).status == 303
    assert (await StaffSession.get()).last_seen_at == clock.now()
    assert TOUCH_EVERY < SESSION_IDLE < SESSION_LIFE


def _posting(
    console: Console, door: TestServer, form: Fields, *lines: str, version: str = "1.1"
) -> tuple[bytes, bytes]:
    """Head and body of a scan as bytes."""
    token = console.client.session.cookie_jar.filter_cookies(console.client.make_url("/"))[COOKIE].value
    body = f"csrf_token={form['csrf_token']}&code={form['code']}".encode()
    head = (
        f"POST /scan HTTP/{version}", f"Host: {door.host}:{door.port}", f"Cookie: {COOKIE}={token}",
        "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", *lines, "", "",
    )  # fmt: skip
    return "\r\n".join(head).encode(), body


async def test_form_that_comes_in_pieces_is_read_whole(at_desk: OpenConsole, deps: Deps, door: TestServer) -> None:
    console = await at_desk()
    head, body = _posting(console, door, await _form(console, deps))
    reader, writer = await asyncio.open_connection(door.host, door.port)
    for piece in (head, body[:20], body[20:60], body[60:]):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    assert (await reader.readline()).split()[1] == b"303"
    await hang_up(writer)
    assert await _checked_in() == 1


async def test_answer_in_one_piece_is_the_one_aiohttp_sends(at_desk: OpenConsole, deps: Deps, door: TestServer) -> None:
    """Of a connection that is to be closed the answer is aiohttp's own; the other one goes on."""
    console = await at_desk()
    heads: list[dict[str, str]] = []
    for line in ("Accept: text/html", "Connection: close"):
        reader, writer = await asyncio.open_connection(door.host, door.port)
        for _ in range(2 if line.startswith("Accept") else 1):
            writer.write(b"".join(_posting(console, door, await _form(console, deps), line)))
            status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            assert status == "HTTP/1.1 303 See Other"
        heads.append(dict(one.split(": ", 1) for one in lines))
        await hang_up(writer)
    ready, plain = heads
    assert plain.pop("Connection") == "close"
    for own in ("Date", "X-Request-Id", "Location"):
        assert ready.pop(own) != ""
        assert plain.pop(own) != ""
    assert ready == plain
    assert ready.items() >= HEADERS.items()
    assert await _checked_in() == 3


async def test_scans_sent_without_waiting_and_by_an_old_client_are_answered_in_order(
    at_desk: OpenConsole, deps: Deps, door: TestServer
) -> None:
    console = await at_desk()
    forms = [await _form(console, deps) for _ in range(2)]
    asked = [b"".join(_posting(console, door, form)) for form in (*forms, forms[0])]
    reader, writer = await asyncio.open_connection(door.host, door.port)
    writer.write(b"".join(asked))
    told = [(await reader.readuntil(b"\r\n\r\n")).split()[1] for _ in range(3)]
    assert told == [b"303", b"303", b"409"]
    await hang_up(writer)
    reader, writer = await asyncio.open_connection(door.host, door.port)
    writer.write(b"".join(_posting(console, door, await _form(console, deps), version="1.0")))
    assert (await reader.read()).split()[1] == b"303"  # and hung up
    await hang_up(writer)
    assert await _checked_in() == 3
