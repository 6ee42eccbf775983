"""Sessions of citizens and officers: they end when they should, and guessing is not worth while."""

import asyncio

import pytest

from casework.deps import Deps
from casework.sign_in import sign_in, sign_out, who_is
from casework.sign_in_officer import sign_in_officer, sign_out_officer, who_serves
from domain.terms import StaffRole
from models.audit import AuditEntry
from models.staff import Staff, keep_staff
from tests.casework.refused import refused
from tests.casework.town import PASSWORD, Town

CLERK = "clerk-t-nc"


async def test_the_same_wechat_user_is_the_same_account(deps: Deps) -> None:
    first, second = await sign_in(deps, "code"), await sign_in(deps, "code")
    assert first.token != second.token
    assert (await who_is(deps, first.token)).account_id == (await who_is(deps, second.token)).account_id


async def test_two_first_logins_at_once_make_one_account(deps: Deps) -> None:
    sessions = await asyncio.gather(*(sign_in(deps, "code") for _ in range(8)))
    assert len({(await who_is(deps, session.token)).account_id for session in sessions}) == 1


async def test_an_unknown_token_is_nobody(deps: Deps) -> None:
    with refused("not_signed_in"):
        await who_is(deps, "made up")


async def test_a_session_ends_with_the_sign_out(deps: Deps) -> None:
    session = await sign_in(deps, "code")
    await sign_out(deps, session.token)
    with refused("not_signed_in"):
        await who_is(deps, session.token)


async def test_those_who_come_at_once_are_each_known_by_their_own_token(deps: Deps) -> None:
    tokens = [(await sign_in(deps, f"person {n}")).token for n in range(3)]
    await sign_out(deps, tokens[1])
    first, ended, third, nobody = await asyncio.gather(
        *(who_is(deps, token) for token in (tokens[0], tokens[1], tokens[2], "a token nobody has")),
        return_exceptions=True,
    )
    assert first == await who_is(deps, tokens[0])
    assert third == await who_is(deps, tokens[2])
    assert first != third
    assert [str(one) for one in (ended, nobody)] == ["not_signed_in", "not_signed_in"]


async def test_a_citizen_who_does_nothing_for_two_hours_signs_in_again(town: Town) -> None:
    session = await sign_in(town.deps, "code")
    town.clock.turn(hours=2)
    await who_is(town.deps, session.token)
    town.clock.turn(hours=2, seconds=1)
    with refused("session_expired"):
        await who_is(town.deps, session.token)


async def test_a_citizen_who_keeps_coming_signs_in_again_after_twelve_hours(town: Town) -> None:
    session = await sign_in(town.deps, "code")
    for _ in range(11):
        town.clock.turn(hours=1)
        await who_is(town.deps, session.token)
    town.clock.turn(hours=1)
    with refused("session_expired"):
        await who_is(town.deps, session.token)


async def test_five_wrong_passwords_lock_an_officer_out_for_a_quarter_of_an_hour(town: Town) -> None:
    for _ in range(5):
        with refused("staff_login_failed"):
            await sign_in_officer(town.deps, CLERK, "wrong")
    with refused("staff_login_failed"):
        await sign_in_officer(town.deps, CLERK, PASSWORD)
    town.clock.turn(minutes=14, seconds=59)
    with refused("staff_login_failed"):
        await sign_in_officer(town.deps, CLERK, PASSWORD)
    town.clock.turn(seconds=1)
    assert (await sign_in_officer(town.deps, CLERK, PASSWORD)).token


async def test_guesses_made_at_once_are_counted_one_by_one(town: Town) -> None:
    for _ in range(5):
        await asyncio.gather(*(sign_in_officer(town.deps, CLERK, "wrong") for _ in range(2)), return_exceptions=True)
    with refused("staff_login_failed"):
        await sign_in_officer(town.deps, CLERK, PASSWORD)


async def test_a_good_login_forgets_the_wrong_ones_before_it(town: Town) -> None:
    for _ in range(2):
        for _ in range(4):
            with refused("staff_login_failed"):
                await sign_in_officer(town.deps, CLERK, "wrong")
        await sign_in_officer(town.deps, CLERK, PASSWORD)


async def test_a_lock_is_one_officer_s_own(town: Town) -> None:
    for _ in range(5):
        with refused("staff_login_failed"):
            await sign_in_officer(town.deps, CLERK, "wrong")
    assert (await sign_in_officer(town.deps, "clerk-t-jj", PASSWORD)).token


@pytest.mark.parametrize(
    "password", ["", "wrong", PASSWORD.upper(), "密" * 2000], ids=["none", "wrong", "case", "long"]
)
async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(deps: Deps, password: str) -> None:
    for username in (CLERK, "nobody", CLERK.upper()):
        with refused("staff_login_failed") as said:
            await sign_in_officer(deps, username, password)
        assert said.facts == {}


async def test_every_attempt_to_sign_in_is_on_record(deps: Deps) -> None:
    for username, password in ((CLERK, PASSWORD), (CLERK, "wrong"), ("nobody", PASSWORD)):
        try:
            await sign_in_officer(deps, username, password)
        except Exception:  # noqa: BLE001 – what it answers is tested above
            continue
    entries = await AuditEntry.all().order_by("id")
    assert [entry.act for entry in entries] == ["sign_in", "sign_in_failed", "sign_in_failed"]
    assert entries[0].actor == f"staff:{CLERK}"
    assert "nobody" not in entries[2].actor


async def test_a_disabled_officer_is_out_at_once_and_stays_out(town: Town) -> None:
    session = await sign_in_officer(town.deps, CLERK, PASSWORD)
    clerk = await Staff.get(username=CLERK)
    await keep_staff(
        CLERK, display_name="演示人员", password_hash=clerk.password_hash, role=StaffRole.CLERK,
        point_id=clerk.point_id, disabled_at=town.clock.now(),
    )  # fmt: skip
    with refused("staff_session_required"):
        await who_serves(town.deps, session.token)
    with refused("staff_login_failed"):
        await sign_in_officer(town.deps, CLERK, PASSWORD)


async def test_an_officer_who_does_nothing_for_half_an_hour_signs_in_again(town: Town) -> None:
    session = await sign_in_officer(town.deps, CLERK, PASSWORD)
    town.clock.turn(minutes=30)
    await who_serves(town.deps, session.token)
    town.clock.turn(minutes=30, seconds=1)
    with refused("staff_session_required"):
        await who_serves(town.deps, session.token)


async def test_an_officer_s_day_ends_after_ten_hours(town: Town) -> None:
    session = await sign_in_officer(town.deps, CLERK, PASSWORD)
    for _ in range(29):
        town.clock.turn(minutes=20)
        await who_serves(town.deps, session.token)
    town.clock.turn(minutes=20)
    with refused("staff_session_required"):
        await who_serves(town.deps, session.token)


async def test_an_officer_s_session_ends_with_the_sign_out(deps: Deps) -> None:
    session = await sign_in_officer(deps, CLERK, PASSWORD)
    await sign_out_officer(deps, session.token)
    with refused("staff_session_required"):
        await who_serves(deps, session.token)


async def test_a_citizen_s_token_opens_no_console_and_the_other_way_round(town: Town) -> None:
    citizen, officer = await sign_in(town.deps, "code"), await sign_in_officer(town.deps, CLERK, PASSWORD)
    with refused("staff_session_required"):
        await who_serves(town.deps, citizen.token)
    with refused("not_signed_in"):
        await who_is(town.deps, officer.token)
