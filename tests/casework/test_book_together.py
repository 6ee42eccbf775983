"""The quick way to a first booking and the plain one: the same rows, the same answers, the same refusals."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.models import Model

from casework import book as booking
from casework import book_together as quick
from casework.book import book
from casework.views import CaseView
from domain.refusal import Refusal
from models.case import Case
from models.columns import blind_index
from models.connect import Crowded
from models.group import Group
from models.hold import Hold
from models.request_key import RequestKey
from models.slot import Booking, Slot
from tests.casework.booking import (
    MONDAY,
    booked,
    cancelled,
    closed,
    held,
    opened,
    people,
    settings,
    what_does_not_add_up,
)
from tests.casework.town import SMALL, Town, key
from tests.casework.way import ADULT, MINOR, Kind, Way, at_hour

CHILD = replace(
    MINOR, residence="360102", residence_address="江西省南昌市东湖区测试路2号202室", household="360403",
    household_address="江西省九江市浔阳区测试路4号404室",
)  # fmt: skip
_SELF = frozenset({"id", "case_id", "account_id", "applicant_id", "booking_id"})


@pytest.fixture
def only_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may go the plain way."""

    async def refuse(*given: Any, **named: Any) -> None:
        pytest.fail("this booking went the plain way")

    monkeypatch.setattr(booking, "_book_all", refuse)


async def _both(town: Town, kind: Kind, patch: pytest.MonkeyPatch, hours: tuple[int, int]) -> list[tuple[Way, Any]]:
    """Two alike persons book alike: one the plain way, one the quick way; what each was told."""
    one, other = await people(town, 2, kind)
    told_plain = await _told(one, hours[0])
    patch.undo()
    return [(one, told_plain), (other, await _told(other, hours[1]))]


async def _told(way: Way, hour: int) -> CaseView | Refusal:
    try:
        return await booked(way, hour)
    except Refusal as refusal:
        return refusal


def _keys(booking_id: int) -> dict[str, str]:
    """How a booking stands in the keys of its notices."""
    return {f"confirmed:{booking_id}:": "confirmed:BOOKING:", f"reminder:{booking_id}-": "reminder:BOOKING-"}


async def _written(way: Way, hour: int) -> dict[str, list[dict[str, Any]]]:
    """Every row about a person's case, made comparable between two alike persons."""
    case = await Case.get(number=way.number)
    live = await Booking.get(case_id=case.id, ended_at=None)
    names = {case.number: "NUMBER", f"citizen:{case.account_id}": "CITIZEN", **_keys(live.id)}
    found: dict[str, list[dict[str, Any]]] = {}
    for model in Tortoise.apps["models"].values():
        columns = model._meta.fields_db_projection
        if model is Case:
            rows: list[Model] = [case]
        elif "case_id" in columns:
            rows = list(await model.filter(case_id=case.id).order_by("id"))
        else:
            continue
        found[model.__name__] = [_plain(row, names) for row in rows]
    key_row = await RequestKey.filter(owner=f"citizen:{case.account_id}", act="book").get()
    slot = await Slot.get(id=live.slot_id)
    found |= {"RequestKey": [_plain(key_row, names)], "Slot": [_plain(slot, names)]}
    return found


def _plain(row: Model, names: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in row._meta.fields_db_projection:
        if name in _SELF or name.endswith("_index") or name in {"key", "body_digest"}:
            continue
        text = repr(getattr(row, name))
        for own, common in names.items():
            text = text.replace(own, common)
        shown[name] = text
    return shown


@pytest.mark.parametrize("kind", [ADULT, CHILD], ids=["adult", "minor"])
async def test_both_ways_write_the_same_rows_and_say_the_same(
    town: Town, plain: pytest.MonkeyPatch, kind: Kind
) -> None:
    """Of every table that knows the case; both find a slot that is there already."""
    await settings(capacity=9)
    await booked(await opened(town, ADULT), 10)
    (one, told), (other, quickly) = await _both(town, kind, plain, (10, 10))
    assert isinstance(told, CaseView), told
    assert isinstance(quickly, CaseView)
    assert replace(quickly, number="") == replace(told, number="")
    rows, others = await _written(one, 10), await _written(other, 10)
    for person in (rows, others):  # the identity numbers of two persons differ, nothing else
        for row in person["Case"]:
            row.pop("form"), row.pop("number")
    for table, written in rows.items():
        for mine, theirs in zip(written, others[table], strict=True):
            for column, value in mine.items():
                assert theirs[column] == value, f"{table}.{column}"
    assert others == rows
    assert len(rows["Notice"]) >= 2
    assert await what_does_not_add_up() == []


async def test_both_ways_make_the_same_slot(town: Town, plain: pytest.MonkeyPatch) -> None:
    await settings(capacity=7, walk_in_percent=30, minor_places=1)
    await _both(town, ADULT, plain, (10, 11))
    first, second = await Slot.all().order_by("id")
    said = ("capacity", "online", "general", "taken", "taken_general", "closed", "item", "point_id")
    assert [getattr(first, name) for name in said] == [getattr(second, name) for name in said]
    assert second.ends_at - second.starts_at == first.ends_at - first.starts_at


async def test_both_ways_refuse_a_full_slot_in_the_same_words(town: Town, plain: pytest.MonkeyPatch) -> None:
    await settings(capacity=1)
    await booked(await opened(town), 10)
    (_, told), (_, quickly) = await _both(town, ADULT, plain, (10, 10))
    assert isinstance(told, Refusal)
    assert isinstance(quickly, Refusal)
    assert (quickly.code, quickly.facts, quickly.source) == (told.code, told.facts, told.source)
    assert quickly.code == "slot_full"
    assert quickly.facts["alternatives"]


@pytest.mark.usefixtures("only_quick")
async def test_an_ordinary_first_booking_goes_the_quick_way(town: Town) -> None:
    for way in await people(town, 2):
        assert (await booked(way)).booking is not None


@pytest.mark.usefixtures("only_quick")
async def test_many_at_once_share_a_transaction_and_nothing_is_sold_twice(town: Town) -> None:
    await settings(capacity=5)
    everybody = await people(town, 12)
    told = await asyncio.gather(*(_told(way, 10) for way in everybody))
    assert sum(isinstance(one, CaseView) for one in told) == 5
    refused = [one for one in told if isinstance(one, Refusal)]
    assert {one.code for one in refused} == {"slot_full"}
    assert all(one.facts["alternatives"] == refused[0].facts["alternatives"] != [] for one in refused)
    assert await what_does_not_add_up() == []


async def test_a_retry_gets_the_kept_answer_and_another_request_is_refused(town: Town) -> None:
    way, once = await opened(town), key()

    async def ask(hour: int) -> CaseView:
        return await book(way.deps, way.citizen, way.number, SMALL, at_hour(MONDAY, hour), once)

    first, again = await asyncio.gather(ask(10), ask(10))
    assert first == again == await ask(10)
    await cancelled(way)
    assert await ask(10) == first
    assert await Booking.filter(ended_at=None).count() == 0
    with pytest.raises(Refusal) as refused:
        await ask(11)
    assert refused.value.code == "idempotency_key_reused"
    assert await what_does_not_add_up() == []


async def test_one_key_for_two_cases_at_once_books_one_of_them(town: Town) -> None:
    """Both are in order and share a transaction; the key can be claimed once."""
    one, other = await people(town, 2)
    await Case.filter(number=other.number).update(account_id=one.citizen.account_id)
    once, at = key(), at_hour(MONDAY, 10)
    asked = [book(town.deps, one.citizen, way.number, SMALL, at, once) for way in (one, other)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [each.code for each in told if isinstance(each, Refusal)] == ["idempotency_key_reused"]
    assert sum(isinstance(each, CaseView) for each in told) == 1
    assert await Booking.all().count() == 1
    assert await what_does_not_add_up() == []


async def test_a_retry_gets_the_kept_answer_though_the_slot_is_full_by_now(town: Town) -> None:
    await settings(capacity=1)
    way, once = await opened(town), key()
    first = await book(way.deps, way.citizen, way.number, SMALL, at_hour(MONDAY, 10), once)
    await cancelled(way)
    await booked(await opened(town), 10)
    assert await book(way.deps, way.citizen, way.number, SMALL, at_hour(MONDAY, 10), once) == first


async def test_a_hold_that_ran_out_is_anybodys_place_again(town: Town) -> None:
    await settings(capacity=1)
    await held(await opened(town), 10)
    town.clock.turn(minutes=30)
    way = await opened(town)
    assert (await booked(way, 10)).booking is not None
    assert await Hold.filter(ended_at=None).count() == 0
    assert await what_does_not_add_up() == []


async def test_a_bad_one_among_them_is_refused_alone(town: Town) -> None:
    """Somebody else's case, a slot that was closed, a day too far: each in its own words, the rest booked."""
    good, stranger, late, gone = await people(town, 4)
    await closed(town, at_hour(MONDAY, 14), hours=1)
    told = await asyncio.gather(
        _told(good, 10), _told(replace(stranger, citizen=late.citizen), 10), _told(late, 14),
        booked(gone, 10, day=MONDAY.replace(month=12)), return_exceptions=True,
    )  # fmt: skip
    assert isinstance(told[0], CaseView)
    codes = [one.code for one in told[1:] if isinstance(one, Refusal)]
    assert codes == ["case_not_found", "slot_closed", "slot_beyond_horizon"]
    assert await what_does_not_add_up() == []


async def test_whoever_hangs_up_is_booked_all_the_same_or_not_at_all(town: Town) -> None:
    everybody = await people(town, 6)
    await settings(capacity=6)
    asked = [asyncio.create_task(booked(way, 10)) for way in everybody]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, CaseView) for one in told[1::2])
    assert await what_does_not_add_up() == []
    for way in everybody:  # whoever heard nothing asks again and has a place
        assert (await booked(way, 10)).booking is not None


async def test_a_crowd_beyond_measure_is_asked_to_come_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    way = await opened(town)

    class Shut(Group[quick.Wish, quick.Outcome]):
        async def do(self, work: quick.Wish) -> quick.Outcome:
            raise Crowded

    monkeypatch.setattr(quick, "BOOKINGS", Shut(quick._book_all))
    with pytest.raises(Refusal) as refused:
        await booked(way)
    assert (refused.value.code, refused.value.facts["retry_after"]) == ("service_unavailable", quick.SOON)
    assert await Booking.all().count() == 0


async def test_what_is_sealed_by_the_quick_way_opens(town: Town) -> None:
    way = await opened(town)
    view = await booked(way)
    row = await RequestKey.get(owner=way.citizen.actor, act="book")
    assert row.answer is not None
    assert view.number in row.answer
    assert row.body_digest != blind_index("", "request")
