"""Signing in and out, and what the browser is given to keep."""

from datetime import timedelta

from casework.deps import Deps
from casework.sign_in_limits import FAILURES_ALLOWED, LOCKED_FOR, SESSION_IDLE, SESSION_LIFE
from models.audit import AuditEntry
from models.staff import Staff
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console
from tests.workers.wiring import TurnedClock

COOKIE = "__Host-tongban-console"


async def test_right_password_opens_the_day(console: Console, deps: Deps) -> None:
    answer = await console.sign_in("clerk-nc")
    assert (answer.status, answer.location) == (303, "/")
    day = await console.get("/")
    assert day.status == 200
    assert "扫描申请人出示的二维码" in day.text


async def test_session_cookie_is_closed_to_scripts_and_other_sites(console: Console, deps: Deps) -> None:
    cookie = (await console.sign_in("clerk-nc")).headers["Set-Cookie"]
    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert name.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert not any(attribute.startswith(("Domain", "Max-Age", "Expires")) for attribute in attributes)


async def test_wrong_password_and_unknown_name_are_told_the_same(console: Console, deps: Deps) -> None:
    wrong = await console.sign_in("clerk-nc", "not this one")
    unknown = await console.sign_in("nobody", "not this one")
    assert (wrong.status, wrong.refused) == (unknown.status, unknown.refused) == (401, "staff_login_failed")
    assert "Set-Cookie" not in wrong.headers


async def test_failures_lock_the_account_for_a_while(console: Console, deps: Deps, clock: TurnedClock) -> None:
    for _ in range(FAILURES_ALLOWED):
        await console.sign_in("clerk-nc", "not this one")
    locked = await console.sign_in("clerk-nc")
    unknown = await console.sign_in("nobody", "not this one")
    assert (locked.status, locked.refused) == (unknown.status, unknown.refused) == (401, "staff_login_failed")
    assert await AuditEntry.filter(actor="staff:clerk-nc", act="sign_in_locked").exists()
    clock.turn(seconds=LOCKED_FOR.total_seconds() + 1)
    assert (await console.sign_in("clerk-nc")).status == 303


async def test_password_is_taken_as_typed(console: Console, deps: Deps) -> None:
    assert (await console.sign_in("clerk-nc", " correct horse 电池 staple ")).refused == "staff_login_failed"
    assert (await console.sign_in("clerk-nc", "x" * 257)).refused == "malformed"
    assert (await console.sign_in("clerk-nc", "")).refused == "malformed"


async def test_every_sign_in_has_a_new_token_and_ends_the_old_session(console: Console, deps: Deps) -> None:
    await console.sign_in("clerk-nc")
    first = console.client.session.cookie_jar.filter_cookies(console.client.make_url("/"))[COOKIE].value
    await console.sign_in("clerk-nc")
    second = console.client.session.cookie_jar.filter_cookies(console.client.make_url("/"))[COOKIE].value
    assert first != second
    console.client.session.cookie_jar.clear()
    old = await console.get("/", Cookie=f"{COOKIE}={first}")
    assert (old.status, old.location) == (303, "/login")


async def test_logout_ends_the_session_on_the_server(at_desk: OpenConsole) -> None:
    console = await at_desk()
    token = console.client.session.cookie_jar.filter_cookies(console.client.make_url("/"))[COOKIE].value
    out = await console.send(await console.get("/"), "/logout")
    assert (out.status, out.location) == (303, "/login")
    assert '"cookies"' in out.headers["Clear-Site-Data"]
    again = await console.get("/", Cookie=f"{COOKIE}={token}")
    assert again.status == 303


async def test_idle_and_long_sessions_end(at_desk: OpenConsole, clock: TurnedClock) -> None:
    idle = await at_desk()
    clock.turn(seconds=SESSION_IDLE.total_seconds() + 1)
    assert (await idle.get("/")).status == 303
    busy = await at_desk()
    for _ in range(int(SESSION_LIFE / (SESSION_IDLE - timedelta(minutes=1)))):
        clock.turn(seconds=SESSION_IDLE.total_seconds() - 60)
        await busy.get("/")
    clock.turn(seconds=SESSION_IDLE.total_seconds() - 60)
    assert (await busy.get("/")).status == 303


async def test_disabled_staff_are_out_at_once(at_desk: OpenConsole, clock: TurnedClock) -> None:
    console = await at_desk()
    await Staff.filter(username="clerk-nc").update(disabled_at=clock.now())
    assert (await console.get("/")).status == 303
    assert (await console.sign_in("clerk-nc")).refused == "staff_login_failed"


async def test_nobody_signed_in_is_sent_to_the_sign_in_page(console: Console, deps: Deps) -> None:
    for path in ("/", "/cases/261118-0000-0000-00"):
        page = await console.get(path)
        assert (page.status, page.location) == (303, "/login")
    assert (await console.get("/login")).status == 200


async def test_every_attempt_to_sign_in_is_on_record(console: Console, deps: Deps) -> None:
    await console.sign_in("clerk-nc", "not this one")
    await console.sign_in("clerk-nc")
    assert [entry.act for entry in await AuditEntry.all().order_by("id")] == ["sign_in_failed", "sign_in"]
