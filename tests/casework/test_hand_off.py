"""The code: good once, for a short while, at the booked counter, on the booked day; the newest only."""

from datetime import date

import pytest

from casework.book import cancel_booking
from casework.callers import Officer
from casework.deps import Deps
from casework.hand_off import issue_code, redeem_code
from casework.serve import day_list, read_case
from casework.withdraw import withdraw
from domain.handoff import new_code
from domain.terms import CaseEventKind
from models.audit import AuditEntry, audit_of
from models.case import Case, CaseEvent
from models.handoff import HandoffCode
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import JIUJIANG, NANCHANG, SMALL, Town, identity_number, key
from tests.casework.way import MINOR, Way, at_hour, gone, person, set_out

TODAY, MONDAY = date(2026, 9, 18), date(2026, 9, 21)


async def acts_on(way: Way) -> list[str]:
    return [entry.act for entry in await audit_of((await Case.get(number=way.number)).id)]


async def scan(town: Town, code: str, point: str = NANCHANG, **more: str) -> object:
    return await redeem_code(town.deps, await town.clerk(point), code, **more)


async def test_a_code_checks_the_person_in_and_opens_the_case(town: Town) -> None:
    way = await gone(town, "signed")
    assert await redeem_code(town.deps, await town.clerk(), await way.code()) == way.number
    case = await way.at_counter()
    assert (case.number, case.checked_in, case.identity_number) == (way.number, True, way.identity_number)
    assert {"accept", "decline"} <= set(case.may)


async def test_of_twenty_scans_at_once_exactly_one_wins(town: Town) -> None:
    way = await gone(town, "signed")
    code, clerk = await way.code(), await town.clerk()
    verdicts = await at_once(redeem_code(town.deps, clerk, code) for _ in range(20))
    assert verdicts == {DONE: 1, "code_used": 19}
    assert await CaseEvent.filter(kind=CaseEventKind.CHECKED_IN).count() == 1
    assert await AuditEntry.filter(act="redeem_code").count() == 1


async def test_a_used_code_says_when_it_was_used(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    await scan(town, code)
    town.clock.turn(minutes=3)
    with refused("code_used", at="2026年9月18日 09:30"):
        await scan(town, code)


@pytest.mark.parametrize("typed", [str.lower, lambda code: f"  {code}\r\n", lambda code: code.replace("-", "")])
async def test_a_code_is_taken_as_scanners_and_people_give_it(typed: object, town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    assert callable(typed)
    await scan(town, typed(code))


@pytest.mark.parametrize("code", ["", "TB-", "https://example.org/x", "1" * 28, "甲" * 40, "9" * 5000], ids=range(6))
async def test_something_else_that_was_scanned_is_no_code(code: str, town: Town) -> None:
    with refused("code_malformed"):
        await scan(town, code)


async def test_a_well_formed_code_nobody_was_given_opens_nothing(town: Town) -> None:
    with refused("code_unknown"):
        await scan(town, new_code(b"\x07" * 16))


async def test_a_code_opens_nothing_at_another_station_and_the_try_is_on_record(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    for point, refusal in ((JIUJIANG, "code_out_of_area"), (SMALL, "code_other_station")):
        with refused(refusal):
            await scan(town, code, point)
    assert (await acts_on(way))[-2:] == ["redeem_code_refused", "redeem_code_refused"]
    await scan(town, code)


async def test_a_code_lives_for_ten_minutes(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    town.clock.turn(minutes=10)
    with refused("code_expired"):
        await scan(town, code)
    town.clock.turn(seconds=-1)
    await scan(town, code)


async def test_a_newer_code_revokes_the_older_one(town: Town) -> None:
    way = await gone(town, "signed")
    older, newer = await way.code(), await way.code()
    with refused("code_revoked"):
        await scan(town, older)
    await scan(town, newer)


async def test_of_codes_asked_for_at_once_only_one_lives(town: Town) -> None:
    way = await gone(town, "signed")
    assert await at_once(way.code() for _ in range(6)) == {DONE: 6}
    assert await HandoffCode.filter(revoked_at=None).count() == 1


async def test_a_repeat_shows_the_same_code_and_revokes_nothing(town: Town) -> None:
    way, tap = await gone(town, "signed"), key()
    first = await issue_code(town.deps, way.citizen, way.number, tap)
    assert await issue_code(town.deps, way.citizen, way.number, tap) == first
    await scan(town, first.code)


async def test_moving_cancelling_and_withdrawing_revoke_the_code(town: Town) -> None:
    moved, cancelled, withdrawn = [await gone(town, "signed") for _ in range(3)]
    codes = [await way.code() for way in (moved, cancelled, withdrawn)]
    await moved.book(at_hour(TODAY, 16))
    await cancel_booking(town.deps, cancelled.citizen, cancelled.number, key())
    await withdraw(town.deps, withdrawn.citizen, withdrawn.number, key())
    for code in codes:
        with refused("code_revoked"):
            await scan(town, code)


async def test_a_refused_move_leaves_the_code_good(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    with refused("slot_not_found"):
        await way.book(at_hour(TODAY, 20))
    await scan(town, code)


async def test_another_day_than_booked_needs_a_reason(town: Town) -> None:
    way = await gone(town, "open")
    await way.book(at_hour(MONDAY, 10))
    await way.sign()
    code = await way.code()
    for reason in ({}, {"other_day_reason": "  "}):
        with refused("not_service_day", day=MONDAY):
            await scan(town, code, **reason)
    await scan(town, code, other_day_reason="窗口有空，提前办理")
    event = await CaseEvent.get(kind=CaseEventKind.CHECKED_IN)
    assert (event.facts, event.words) == ({}, {"other_day_reason": "窗口有空，提前办理"})


@pytest.mark.parametrize(
    ("stop", "missing"), [("open", ["booking", "letter_signature"]), ("booked", ["letter_signature"])]
)
async def test_a_code_is_given_once_everything_is_done(stop: str, missing: list[str], town: Town) -> None:
    way = await gone(town, stop)
    with refused("not_ready_for_handoff", missing=missing):
        await way.code()


async def test_the_code_is_given_to_the_owner_only(town: Town) -> None:
    theirs, mine = await gone(town, "signed"), await set_out(town)
    with refused("case_not_found"):
        await issue_code(town.deps, mine.citizen, theirs.number, key())


async def test_only_a_clerk_scans(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    for username in ("reviewer", "auditor"):
        with refused("staff_role_missing"):
            await redeem_code(town.deps, await town.officer(username), code)


async def test_the_16th_birthday_between_booking_and_a_visit_on_another_day(town: Town) -> None:
    """C6.7: booked for the last day as a minor, come on the birthday: the rules are asked anew at the counter."""
    facts = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 21)))
    way = await (await set_out(town, MINOR, facts=facts)).until("open")
    await way.book(at_hour(date(2026, 9, 20), 10))
    await way.sign()
    town.clock.set(MONDAY)
    code = await way.code()
    with refused("age_changed", birthday=MONDAY):
        await scan(town, code, JIUJIANG, other_day_reason="昨天没有来")
    assert not (await read_case(town.deps, await town.clerk(JIUJIANG), way.number)).checked_in


async def test_a_code_says_nothing_about_anybody(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    assert way.number not in code
    kept = await HandoffCode.get(revoked_at=None)
    assert code not in kept.code_hash


async def test_a_person_checked_in_stays_on_the_clerk_s_list(deps: Deps, town: Town) -> None:
    way = await gone(town, "checked_in")
    clerk: Officer = await town.clerk()
    today = await day_list(deps, clerk)
    assert ([line.number for line in today.arrived], today.booked) == ([way.number], ())
