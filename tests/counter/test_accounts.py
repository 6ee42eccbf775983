"""The own account, the operator's page, the second factor and the trail (V6.2, V6.4, V6.5, V7.4, V7.5)."""

from typing import Any

import pyotp
import pytest

from casework.deps import Deps
from casework.manage_staff import add_first_operator
from casework.sign_in_limits import INITIAL_PASSWORD_LIFE, PROOF_HOLDS
from domain.refusal import Refusal
from domain.terms import StaffRole
from models.audit import AuditEntry
from models.staff import Staff
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console
from tests.counter.people import PASSWORD, adult, password_hash
from tests.workers.wiring import TurnedClock

NEW = "四个不相干的词 horse 电池 staple"


def code_at(secret: str, clock: TurnedClock) -> str:
    code: str = pyotp.TOTP(secret).at(clock.now())
    return code


async def secret_of(username: str) -> str:
    secret: str | None = (await Staff.get(username=username)).totp_secret
    assert secret is not None
    return secret


async def enrolled(console: Console, clock: TurnedClock, username: str) -> str:
    """A second factor put into force; its secret."""
    page = await console.get("/account")
    secret = await secret_of(username)
    assert (await console.get("/account/factor.svg")).status == 200
    done = await console.send(page, "/account/factor", {"first_code": code_at(secret, clock)})
    assert done.location == "/account?done=factor"
    return secret


async def test_password_is_changed_with_the_old_one_and_other_sessions_end(
    at_desk: OpenConsole, clock: TurnedClock
) -> None:
    console, elsewhere = await at_desk(), await at_desk()
    clock.turn(seconds=PROOF_HOLDS.total_seconds() + 1)
    page = await console.get("/account")
    new = {"new_password": NEW, "new_password_again": NEW}
    assert (await console.send(page, "/account/password", {**new, "password": ""})).refused == "proof_needed"
    assert (await console.send(page, "/account/password", {**new, "password": "x"})).refused == "proof_wrong"
    assert (await console.send(page, "/account/password", {**new, "password": PASSWORD})).status == 303
    assert (await elsewhere.get("/")).location == "/login"
    assert (await console.get("/")).status == 200
    assert (await elsewhere.sign_in("clerk-nc")).refused == "staff_login_failed"
    assert (await elsewhere.sign_in("clerk-nc", NEW)).status == 303


@pytest.mark.parametrize(
    ("new", "again", "code"),
    [
        ("short one 1", "short one 1", "password_too_short"),
        ("password12345678password", "password12345678password", "password_too_common"),
        ("clerk-nc-clerk-nc-clerk-nc", "clerk-nc-clerk-nc-clerk-nc", "password_too_common"),
        ("ILoveYou-Sunshine!", "ILoveYou-Sunshine!", "password_too_common"),
        ("aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", "password_too_common"),
        (NEW, NEW + "x", "passwords_differ"),
    ],
)
async def test_a_poor_new_password_is_refused_and_the_old_one_stays(
    new: str, again: str, code: str, at_desk: OpenConsole
) -> None:
    console = await at_desk()
    page = await console.get("/account")
    refused = await console.send(page, "/account/password", {"new_password": new, "new_password_again": again})
    assert (refused.status, refused.refused) == (422, code)
    assert new not in refused.html
    assert (await console.sign_in("clerk-nc")).status == 303


async def test_a_second_factor_is_asked_for_and_each_code_counts_once(
    at_desk: OpenConsole, browser: Any, clock: TurnedClock
) -> None:
    secret = await enrolled(await at_desk(), clock, "clerk-nc")
    other = browser()
    login = {"username": "clerk-nc", "password": PASSWORD}
    assert (await other.post("/login", login)).refused == "staff_login_failed"
    used = {**login, "one_time_code": code_at(secret, clock)}
    assert (await other.post("/login", used)).refused == "staff_login_failed"  # spent when it was set up
    clock.turn(seconds=30)
    fresh = {**login, "one_time_code": code_at(secret, clock)}
    assert (await other.post("/login", fresh)).status == 303
    assert (await browser().post("/login", fresh)).refused == "staff_login_failed"


async def test_a_role_that_needs_a_second_factor_does_nothing_before_it_has_one(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(deps.settings.__dict__, "second_factor_roles", frozenset({StaffRole.CLERK}))
    console = await at_desk()
    assert (await console.get("/")).location == "/account"
    token = (await console.get("/account")).form("/logout")["csrf_token"]
    assert (await console.post("/scan", {"csrf_token": token, "code": "x"})).refused == "account_unfinished"
    await enrolled(console, clock, "clerk-nc")
    assert (await console.get("/")).status == 200
    page = await console.get("/account")
    assert (await console.send(page, "/account/factor/removal")).refused == "factor_required"


async def test_the_operator_makes_an_account_whose_first_password_has_to_be_changed(
    at_desk: OpenConsole, browser: Any, clock: TurnedClock
) -> None:
    operator = await at_desk("operator")
    page = await operator.get("/staff")
    person = {"username": "clerk-new", "display_name": "新受理员", "role": "clerk", "point": ""}
    assert (await operator.send(page, "/staff", person)).refused == "staff_point_required"
    made = await operator.send(page, "/staff", {**person, "point": "NC-DEMO"})
    assert made.status == 200
    password = made.html.split('初始密码：<strong class="number">')[1].split("<")[0]
    assert (await operator.send(page, "/staff", {**person, "point": "NC-DEMO"})).refused == "username_taken"
    assert password not in (await operator.get("/staff")).html
    newcomer = browser()
    assert (await newcomer.sign_in("clerk-new", password)).status == 303
    assert (await newcomer.get("/")).location == "/account"
    changed = await newcomer.send(
        await newcomer.get("/account"), "/account/password", {"new_password": NEW, "new_password_again": NEW}
    )
    assert changed.status == 303
    assert (await newcomer.get("/")).status == 200


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"role": "supervisor"}, "staff_area_required"),
        ({"role": "reviewer"}, "staff_area_required"),
        ({"role": "auditor", "division": "360000"}, "staff_area_unfit"),
        ({"role": "supervisor", "division": "369999"}, "division_unknown"),
        ({"role": "supervisor", "division": "江西"}, "division_unknown"),
    ],
)
async def test_who_watches_is_given_an_area_or_a_point_and_nobody_else_is(
    typed: dict[str, str], code: str, at_desk: OpenConsole
) -> None:
    """R185."""
    operator = await at_desk("operator")
    person = {"username": "chief-new", "display_name": "新督导", "point": "", **typed}
    assert (await operator.send(await operator.get("/staff"), "/staff", person)).refused == code


async def test_supervisors_of_a_city_and_a_county_are_made_in_the_console(at_desk: OpenConsole, browser: Any) -> None:
    """R185: each sees the own area, and another one after the operator changed it; sessions of the old one end."""
    operator = await at_desk("operator")
    person = {"username": "chief-new", "display_name": "新督导", "role": "supervisor", "division": "360100"}
    made = await operator.send(await operator.get("/staff"), "/staff", {**person, "point": ""})
    assert "江西省南昌市" in made.text
    await Staff.filter(username="chief-new").update(password_hash=password_hash(), password_until=None)
    chief = browser()
    assert (await chief.sign_in("chief-new")).status == 303
    assert "江西省南昌市 · 督导总览" in (await chief.get("/supervision")).text
    changed = {"act": "area", "division": "360102"}
    assert (await operator.send(await operator.get("/staff"), "/staff/chief-new", changed)).status == 303
    assert (await chief.get("/supervision")).location.startswith("/login")
    await chief.sign_in("chief-new")
    assert "东湖区 · 督导总览" in (await chief.get("/supervision")).text
    wrong = await operator.send(await operator.get("/staff"), "/staff/chief-new", {"act": "area", "division": ""})
    assert wrong.refused == "staff_area_required"


async def test_an_initial_password_runs_out(at_desk: OpenConsole, browser: Any, clock: TurnedClock) -> None:
    operator = await at_desk("operator")
    told = await operator.send(await operator.get("/staff"), "/staff/clerk-jj", {"act": "reset"})
    password = told.html.split('初始密码：<strong class="number">')[1].split("<")[0]
    clock.turn(seconds=INITIAL_PASSWORD_LIFE.total_seconds())
    assert (await browser().sign_in("clerk-jj", password)).refused == "staff_login_failed"


async def test_an_account_is_closed_opened_unlocked_and_its_factor_dropped(
    at_desk: OpenConsole, browser: Any, clock: TurnedClock
) -> None:
    clerk, operator = await at_desk(), await at_desk("operator")
    await enrolled(clerk, clock, "clerk-nc")
    page = await operator.get("/staff")
    assert (await operator.send(page, "/staff/clerk-nc", {"act": "reset"})).status == 200
    assert (await Staff.get(username="clerk-nc")).totp_since is not None  # a reset goes round no second factor
    assert (await operator.send(page, "/staff/clerk-nc", {"act": "drop_factor"})).status == 303
    assert (await Staff.get(username="clerk-nc")).totp_since is None
    assert (await operator.send(page, "/staff/clerk-jj", {"act": "disable"})).status == 303
    assert (await browser().sign_in("clerk-jj")).refused == "staff_login_failed"
    assert (await operator.send(page, "/staff/clerk-jj", {"act": "enable"})).status == 303
    for _ in range(5):
        await browser().sign_in("clerk-jj", "wrong")
    assert (await browser().sign_in("clerk-jj")).refused == "staff_login_failed"
    page = await operator.get("/staff")
    assert (await operator.send(page, "/staff/clerk-jj", {"act": "unlock"})).status == 303
    assert (await browser().sign_in("clerk-jj")).status == 303
    own = {"csrf_token": await operator.csrf_token(), "act": "disable"}
    assert (await operator.post("/staff/operator", own)).refused == "own_account_elsewhere"


async def test_wrong_proofs_lock_the_account_and_end_its_sessions(at_desk: OpenConsole, clock: TurnedClock) -> None:
    console = await at_desk()
    clock.turn(seconds=PROOF_HOLDS.total_seconds() + 1)
    page = await console.get("/account")
    for _ in range(5):
        await console.send(page, "/account/password", {"password": "x", "new_password": NEW, "new_password_again": NEW})
    assert (await console.get("/")).location == "/login"
    assert (await console.sign_in("clerk-nc")).refused == "staff_login_failed"


async def test_a_login_over_plain_http_on_a_network_name_says_what_is_wrong(console: Console, deps: Deps) -> None:
    login = {"username": "clerk-nc", "password": PASSWORD}
    told = await console.post("/login", login, Origin="http://tongban.lan:8081", **{"Sec-Fetch-Site": "same-origin"})
    assert (told.status, told.refused) == (403, "connection_not_secure")
    for origin in ("https://tongban.lan", "http://127.0.0.1:8081", "http://localhost:8081"):
        fine = await console.post("/login", login, Origin=origin, **{"Sec-Fetch-Site": "same-origin"})
        assert fine.status == 303


async def test_the_auditor_searches_the_trail_and_is_on_it(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    clerk = await at_desk()
    await clerk.get(f"/cases/{walker.number}")
    auditor = await at_desk("auditor")
    found = await auditor.get(f"/audit?case={walker.number}&who=clerk-nc&day={deps.today().isoformat()}")
    assert found.status == 200
    assert "打开申请（遮挡）" in found.text
    for secret in (walker.name, walker.identity_number):
        assert secret not in found.html
    entry = await AuditEntry.get(act="read_audit")
    assert entry.facts == {"case": walker.number, "actor": "staff:clerk-nc", "day": deps.today().isoformat()}
    assert "没有符合条件的记录" in (await auditor.get("/audit?who=nobody-here")).text
    for wrong in ("/audit?case=x", "/audit?day=never"):
        assert (await auditor.get(wrong)).status == 422
    assert (await clerk.get("/audit")).refused == "staff_role_missing"


async def test_the_first_operator_comes_from_the_command_line(browser: Any, deps: Deps) -> None:
    password = await add_first_operator(deps, "first-operator")
    newcomer = browser()
    assert (await newcomer.sign_in("first-operator", password)).status == 303
    assert (await newcomer.get("/staff")).location == "/account"
    with pytest.raises(Refusal, match="username_taken"):
        await add_first_operator(deps, "first-operator")
