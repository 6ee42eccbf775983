"""The quick way to redeem a code and the plain one: the same rows; each code once, whatever stands beside it."""

import asyncio
from typing import Any

import pytest

from casework import hand_off
from casework.hand_off import redeem_code
from casework.withdraw import withdraw
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.audit import AuditEntry
from models.case import Case, CaseEvent
from models.handoff import HandoffCode
from models.notice import Notice
from models.slot import Booking
from models.store import detached, transaction
from tests.casework.refused import DONE, at_once
from tests.casework.town import JIUJIANG, NANCHANG, Town, key
from tests.casework.way import Way, gone

_OWN = {"id", "case_id", "account_id", "applicant_id", "number", "form", "code_hash", "digest", "canonical", "nonce"}


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Everything goes the plain way until it is undone."""

    async def nobody(*_: Any) -> None:
        return None

    monkeypatch.setattr(hand_off, "redeem_together", nobody)
    return monkeypatch


@pytest.fixture
def only_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may go the plain way."""

    async def refuse(*_: Any) -> None:
        pytest.fail("this scan went the plain way")

    monkeypatch.setattr(hand_off, "find_code", refuse)


async def _written(way: Way) -> dict[str, list[dict[str, str]]]:
    """What the visit left in every table that knows the case, made comparable between two alike persons."""
    case = await Case.get(number=way.number)
    booking = await Booking.get(case_id=case.id)
    names = {case.number: "NUMBER", f"citizen:{case.account_id}": "CITIZEN", f":{booking.id}": ":BOOKING"}
    found: dict[str, list[Any]] = {
        model.__name__: await model.filter(case_id=case.id).order_by("id")
        for model in (AuditEntry, HandoffCode, Booking, Notice)
    }
    found["CaseEvent"] = await CaseEvent.filter(case_id=case.id, kind=CaseEventKind.CHECKED_IN)
    return {name: [_plain(row, names) for row in rows] for name, rows in found.items()} | {
        "Case": [_plain(case, names)]
    }


def _plain(row: Any, names: dict[str, str]) -> dict[str, str]:
    shown = {}
    for name in row._meta.fields_db_projection:
        if name in _OWN or name.endswith("_index"):
            continue
        text = repr(getattr(row, name))
        for own, common in names.items():
            text = text.replace(own, common)
        shown[name] = text
    return shown


async def test_both_ways_write_the_same_rows(town: Town, plain: pytest.MonkeyPatch) -> None:
    one, other = await gone(town, "signed"), await gone(town, "signed")
    clerk = await town.clerk()
    assert await redeem_code(town.deps, clerk, await one.code()) == one.number
    plain.undo()
    assert await redeem_code(town.deps, clerk, await other.code()) == other.number
    rows, others = await _written(one), await _written(other)
    assert others == rows
    assert "kept" in rows["Booking"][0]["how_ended"]
    assert {row["status"] for row in rows["Notice"] if "reminder" in row["dedupe_key"]} <= {"'skipped'"}
    assert (await one.at_counter()).checked_in
    assert (await other.at_counter()).checked_in


@pytest.mark.usefixtures("only_quick")
async def test_codes_scanned_at_once_are_redeemed_together(town: Town) -> None:
    ways = [await gone(town, "signed") for _ in range(4)]
    codes, clerk = [await way.code() for way in ways], await town.clerk()
    told = await asyncio.gather(*(redeem_code(town.deps, clerk, code) for code in codes))
    assert list(told) == [way.number for way in ways]
    assert await AuditEntry.filter(act="redeem_code").count() == 4


async def test_what_is_not_ordinary_takes_nobody_with_it(town: Town) -> None:
    """A used code, a withdrawn case, a code of another station and one that runs at the same moment."""
    used, gone_back, elsewhere, good = [await gone(town, "signed") for _ in range(4)]
    codes = [await way.code() for way in (used, gone_back, elsewhere, good)]
    clerk = await town.clerk()
    await redeem_code(town.deps, clerk, codes[0])
    await withdraw(town.deps, gone_back.citizen, gone_back.number, key())
    await HandoffCode.filter(case_id=(await Case.get(number=elsewhere.number)).id).update(
        point_id=(await town.clerk(JIUJIANG)).point_id
    )
    told = await asyncio.gather(*(redeem_code(town.deps, clerk, code) for code in codes), return_exceptions=True)
    assert told[3] == good.number
    refusals = [one.code for one in told if isinstance(one, Refusal)]
    assert refusals == ["code_used", "code_revoked", "code_other_station"]


async def test_one_code_among_others_is_redeemed_once(town: Town) -> None:
    way, others = await gone(town, "signed"), [await gone(town, "signed") for _ in range(2)]
    code, clerk = await way.code(), await town.clerk(NANCHANG)
    codes = [code, await others[0].code(), code, await others[1].code(), code]
    assert await at_once(redeem_code(town.deps, clerk, one) for one in codes) == {DONE: 3, "code_used": 2}


async def test_a_code_revoked_between_reading_and_writing_opens_nothing(town: Town) -> None:
    way, other = await gone(town, "signed"), await gone(town, "signed")
    codes, clerk = [await way.code(), await other.code()], await town.clerk()
    async with transaction():  # as a case moves: its row first, then what hangs on it
        case = await Case.get(number=way.number)
        await Case.filter(id=case.id).update(last_seq=case.last_seq + 1)
        await HandoffCode.filter(case_id=case.id).update(revoked_at=town.deps.clock.now())
        scans = [detached(redeem_code(town.deps, clerk, code)) for code in codes]
        await asyncio.sleep(0.1)  # they have read what is not true for long, and wait to write
    told = await asyncio.gather(*scans, return_exceptions=True)
    assert isinstance(told[0], Refusal)
    assert told[0].code == "code_revoked"
    assert told[1] == other.number
    assert not await CaseEvent.filter(case_id=case.id, kind=CaseEventKind.CHECKED_IN).exists()
    assert (await Booking.get(case_id=case.id)).ended_at is None
