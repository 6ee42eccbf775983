"""Booking over HTTP under fire: a rush, two processes on one database, a server killed in the middle, a lost answer."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from domain.terms import ServiceItem
from models.case import Case
from models.place import find_point, set_booking
from models.slot import Booking
from tests.casework.booking import what_does_not_add_up
from tests.miniapp_api.people import ITEM, V1, Citizen, WeChat, opened
from tests.miniapp_api.rush import Door, Somebody, Told, book, crowd, doors, rush, verdicts

NINE = "2026-09-15T09:00:00+08:00"
WISH = {"point": "JX-TEST-1", "starts_at": NINE}


@pytest.fixture
async def people(citizen: Citizen, wechat: WeChat, point: str) -> list[Somebody]:
    """A hundred people with open cases; the point has ten places each half hour."""
    number = await opened(citizen, wechat)
    here = await find_point(point)
    assert here is not None
    await set_booking(here.id, ServiceItem.ID_CARD_FIRST_APPLICATION, capacity=10)
    return await crowd(await Case.get(number=number), 100)


async def confirmed(told: list[Told]) -> None:
    """Every confirmed answer is in the table, and every slot adds up."""
    live = {
        (b.case.number, b.slot.starts_at) for b in await Booking.filter(ended_at=None).select_related("case", "slot")
    }
    numbers = {number for number, _ in live}
    assert {one.who.number for one in told if one.status == 200} <= numbers
    assert await what_does_not_add_up() == []


async def test_of_a_hundred_clients_at_once_ten_get_the_ten_places(
    people: list[Somebody], door: TestClient[aiohttp.web.Request, aiohttp.web.Application]
) -> None:
    told = await rush([str(door.make_url("")).rstrip("/")], people, WISH)
    assert verdicts(told) == {"booked": 10, "slot_full": 90}
    await confirmed(told)


async def test_two_processes_on_one_database_sell_no_place_twice(
    people: list[Somebody], database_url: str, tmp_path: Path
) -> None:
    async with doors(2, database_url, tmp_path) as both:
        told = await rush([one.base for one in both], people, WISH)
    assert verdicts(told) == {"booked": 10, "slot_full": 90}
    await confirmed(told)


async def test_who_reads_at_another_process_sees_a_booking_soon_and_at_the_same_one_at_once(
    people: list[Somebody], database_url: str, tmp_path: Path
) -> None:
    """However often it is read meanwhile: what is remembered there does not live on by being asked for."""
    async with doors(2, database_url, tmp_path) as (here, there), aiohttp.ClientSession() as session:
        assert [await _free(session, door) for door in (here, there)] == [10, 10]
        assert (await book(here.base, session, people[0], WISH)).status == 200
        assert await _free(session, here) == 9
        async with asyncio.timeout(10):
            while await _free(session, there) != 9:
                pass


async def _free(session: aiohttp.ClientSession, door: Door) -> int:
    url = f"{door.base}{V1}/points/{WISH['point']}/slots"
    async with session.get(url, params={"item": ITEM, "day": NINE[:10]}) as answer:
        return int((await answer.json())[0]["free"])


async def test_after_a_kill_in_the_middle_of_a_rush_every_confirmed_place_stands(
    people: list[Somebody], database_url: str, tmp_path: Path
) -> None:
    """Who got no answer asks the next server the same, and gets one place."""
    async with doors(2, database_url, tmp_path) as (first, second):
        enough = asyncio.Event()
        asking = asyncio.create_task(_one_after_another(first.base, people[:60], enough))
        await enough.wait()
        first.process.kill()
        before = await asking
        assert verdicts(before)["None"] > 0
        await confirmed(before)
        after = await _one_after_another(second.base, [one.who for one in before if one.status is None])
    assert verdicts(after).keys() == {"booked"}
    await confirmed([*before, *after])
    assert await Booking.filter(ended_at=None).count() == 60


async def _one_after_another(base: str, people: list[Somebody], enough: asyncio.Event | None = None) -> list[Told]:
    """Eight at a time, spread over six half hours; ``enough`` is set after a dozen answers."""
    gate, answers = asyncio.Semaphore(8), list[Told]()

    async def ask(number: int, who: Somebody) -> None:
        half_hour = f"2026-09-15T{9 + number % 6 // 2:02d}:{30 * (number % 2):02d}:00+08:00"
        async with gate:
            answers.append(await book(base, session, who, {**WISH, "starts_at": half_hour}))
        if enough is not None and len(answers) >= 12:
            enough.set()

    async with aiohttp.ClientSession() as session:
        numbers = [int(who.number.replace("-", "")[6:14]) - 90_000_000 for who in people]
        await asyncio.gather(*map(ask, numbers, people))
    return answers


async def test_a_client_that_never_gets_its_answer_asks_again_and_holds_one_place(
    people: list[Somebody], door: TestClient[aiohttp.web.Request, aiohttp.web.Application]
) -> None:
    base, who = str(door.make_url("")).rstrip("/"), people[0]
    impatient = aiohttp.ClientTimeout(total=0.01)
    async with aiohttp.ClientSession(timeout=impatient) as session:
        lost = await book(base, session, who, WISH)
    async with aiohttp.ClientSession() as session:
        again = [await book(base, session, who, WISH) for _ in range(3)]
        other = await book(base, session, who, {**WISH, "starts_at": "2026-09-15T09:30:00+08:00"})
    assert lost.status in {None, 200}
    assert {one.status for one in again} == {200}
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert await Booking.all().count() == 1
    assert await what_does_not_add_up() == []
