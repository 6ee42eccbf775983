"""C6.9: on the eighteenth birthday a case passes from the guardian's account to the person's own."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, datetime, time

import pytest

from casework.chat import progress_in_chat
from casework.hand_off import issue_code
from casework.notify import deliver_due
from casework.of_age import phone_of
from casework.owe import owe
from casework.track import my_case, my_cases, my_notices
from casework.withdraw import withdraw
from domain.local_time import SHANGHAI
from domain.terms import NoticeKind
from models.account import keep_phone
from models.case import find_case
from models.notice import Notice
from models.store import transaction
from tests.casework.refused import refused
from tests.casework.town import Town, key
from tests.casework.way import MINOR, Way, gone, person, set_out

THE_DAY_BEFORE, BIRTHDAY = date(2035, 6, 11), date(2035, 6, 12)


@pytest.fixture
async def way(town: Town) -> Way:
    """A case a guardian opened for somebody born on 12 June 2017."""
    return await gone(town, "open", MINOR)


async def own_account(town: Town, way: Way, name: str | None = None) -> Way:
    """The grown-up declares themself, on a phone of their own."""
    facts = replace(person(MINOR), identity_number=way.identity_number, name=name or person(MINOR).name)
    return await set_out(town, facts=facts)


async def test_the_guardian_sees_the_case_until_the_birthday_and_nothing_of_it_from_then_on(
    town: Town, way: Way
) -> None:
    town.clock.set(THE_DAY_BEFORE, 23, 59)
    assert [line.number for line in await my_cases(town.deps, way.citizen)] == [way.number]
    assert (await my_case(town.deps, way.citizen, way.number)).number == way.number
    assert await progress_in_chat(town.deps, way.citizen)
    town.clock.set(BIRTHDAY, 0, 0)
    assert await my_cases(town.deps, way.citizen) == ()
    assert await progress_in_chat(town.deps, way.citizen) == ()
    asked: tuple[Awaitable[object], ...] = (
        my_case(town.deps, way.citizen, way.number),
        my_notices(town.deps, way.citizen, way.number),
        issue_code(town.deps, way.citizen, way.number, key()),
        withdraw(town.deps, way.citizen, way.number, key()),
    )
    for act in asked:
        with refused("case_not_found"):
            await act


async def test_the_person_sees_it_from_the_birthday_on_and_not_before(town: Town, way: Way) -> None:
    town.clock.set(THE_DAY_BEFORE, 12, 0)
    own = await own_account(town, way)
    assert await my_cases(town.deps, own.citizen) == ()
    with refused("case_not_found"):
        await my_case(town.deps, own.citizen, way.number)
    town.clock.set(BIRTHDAY, 0, 0)
    assert [line.number for line in await my_cases(town.deps, own.citizen)] == [way.number]
    assert (await my_case(town.deps, own.citizen, way.number)).number == way.number
    assert await my_notices(town.deps, own.citizen, way.number)
    assert await progress_in_chat(town.deps, own.citizen)


async def test_the_number_alone_opens_nothing_to_somebody_of_another_name(town: Town, way: Way) -> None:
    town.clock.set(BIRTHDAY, 12, 0)
    other = await own_account(town, way, name="示例旁人")
    assert await my_cases(town.deps, other.citizen) == ()
    with refused("case_not_found"):
        await my_case(town.deps, other.citizen, way.number)


async def test_a_grown_ups_own_case_stays_where_it_was_opened(town: Town) -> None:
    way = await gone(town, "open")
    town.clock.set(BIRTHDAY, 12, 0)
    assert [line.number for line in await my_cases(town.deps, way.citizen)] == [way.number]


@pytest.mark.parametrize("on_own_phone", [True, False])
async def test_a_notice_owed_before_the_birthday_and_due_after_it_goes_to_the_person_or_to_nobody(
    town: Town, way: Way, *, on_own_phone: bool
) -> None:
    await deliver_due(town.deps)
    town.clock.set(THE_DAY_BEFORE, 12, 0)
    own = await own_account(town, way) if on_own_phone else None
    case = await find_case(way.number)
    assert case is not None
    due = datetime.combine(BIRTHDAY, time(12), tzinfo=SHANGHAI)
    async with transaction():
        assert await owe(town.deps, case, NoticeKind.VISIT_REMINDER, "late", due_at=due)
    town.clock.set(BIRTHDAY, 12, 1)
    for _ in range(2):
        await deliver_due(town.deps)
    told = await Notice.get(kind=NoticeKind.VISIT_REMINDER)
    assert (told.account_id, told.status) == (
        (own.citizen.account_id, "sent") if own else (way.citizen.account_id, "skipped")
    )


async def test_the_counter_calls_the_grown_up_and_never_the_former_guardian(town: Town, way: Way) -> None:
    case = await find_case(way.number)
    assert case is not None
    assert await phone_of(town.deps, case) is not None
    town.clock.set(BIRTHDAY, 12, 0)
    assert await phone_of(town.deps, case) is None
    own = await own_account(town, way)
    await keep_phone(own.citizen.account_id, "13900000077", town.clock.now())
    assert await phone_of(town.deps, case) == "13900000077"
