"""A new text of the letter is placed by dropping in a file with its day (R062)."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.explain_policy import GuideQuestion, guide
from casework.self_check import check_words_and_rules
from casework.sign import show_letter, sign_letter, signed_letter
from casework.track import my_case
from casework.verify_letter import verify_letter
from models.signature import Signature
from templates.letters import BrokenLetters, check_letters, insist_on_letters, version_in_force
from tests.casework.placed import JIANGXI, place_letter
from tests.casework.refused import refused
from tests.casework.town import ITEM, Town, key
from tests.casework.way import ACROSS, gone

SECOND = "jiangxi-second"
SATURDAY = date(2026, 9, 19)  # the day after the town's morning


@pytest.fixture
def placed(town: Town, tmp_path: Path) -> Town:
    """The town with a second Jiangxi letter in force from tomorrow on."""
    folder = tmp_path / "letters"
    place_letter(folder, SECOND, SATURDAY)
    return replace(town, deps=replace(town.deps, settings=replace(town.deps.settings, letters=folder)))


async def test_the_second_text_takes_over_on_its_day(placed: Town) -> None:
    way = await gone(placed, "open")
    assert (await show_letter(placed.deps, way.citizen, way.number)).version == JIANGXI
    placed.clock.set(SATURDAY, hour=0, minute=0)
    shown = await show_letter(placed.deps, way.citizen, way.number)
    assert shown.version == SECOND
    assert shown.paragraphs[-1] == "第二版增加的一句。"
    question = GuideQuestion(ITEM, "360702", "360102", date(2007, 3, 5))
    assert guide(placed.deps, question).letter.version == SECOND
    assert guide(placed.deps, replace(question, on=date(2026, 9, 18))).letter.version == JIANGXI


async def test_who_signed_the_old_text_in_its_time_keeps_the_signature_and_its_words(placed: Town) -> None:
    way = await gone(placed, "signed")
    before = await Signature.get()
    page = await signed_letter(placed.deps, way.citizen, way.number)
    placed.clock.set(SATURDAY)
    case = await my_case(placed.deps, way.citizen, way.number)
    assert (case.letter.standing, case.letter.number, case.missing) == ("signed", before.number, ())
    assert await signed_letter(placed.deps, way.citizen, way.number) == page
    found = await verify_letter(placed.deps, before.number)
    assert (found.genuine, found.in_force) == (True, True)
    after = await Signature.get()
    assert (after.canonical, after.record, after.seal) == (before.canonical, before.record, before.seal)


async def test_a_letter_shown_before_midnight_cannot_be_signed_after_the_change(placed: Town) -> None:
    way = await gone(placed, "open")
    placed.clock.set(date(2026, 9, 18), hour=23, minute=50)
    act = await way.signing()
    placed.clock.set(SATURDAY, hour=0, minute=5)
    with refused("letter_changed"):
        await sign_letter(placed.deps, way.citizen, way.number, act, key())
    assert await Signature.all().count() == 0
    await way.sign()
    assert (await Signature.get()).version == SECOND


async def test_an_empty_slot_is_on_paper_until_a_text_is_placed(town: Town, tmp_path: Path) -> None:
    """D1: never an invented text; once a source gives one, it is signed on the phone."""
    way = await gone(town, "open", ACROSS)
    with refused("letter_on_paper"):
        await show_letter(town.deps, way.citizen, way.number)
    folder = tmp_path / "letters"
    place_letter(folder, "across-v1", date(2026, 9, 1), scope="cross-province", residence="44")
    deps = replace(town.deps, settings=replace(town.deps.settings, letters=folder))
    assert (await show_letter(deps, way.citizen, way.number)).version == "across-v1"


def in_force(folder: Path, residence: str, day: date) -> str | None:
    question: Any = (ITEM, "province-wide", residence, day, folder)
    return version_in_force(*question)


def test_the_narrowest_place_wins_then_the_newest_text(tmp_path: Path) -> None:
    place_letter(tmp_path, "nanchang", date(2026, 1, 1), residence="3601")
    place_letter(tmp_path, "province", date(2026, 6, 1))
    assert in_force(tmp_path, "360102", date(2026, 9, 1)) == "nanchang"
    assert in_force(tmp_path, "360702", date(2026, 9, 1)) == "province"
    assert in_force(tmp_path, "360702", date(2026, 5, 31)) == JIANGXI
    assert in_force(tmp_path, "440306", date(2026, 9, 1)) is None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"digest": "0" * 64}, "does not have the sha256"),
        ({"residence": "Jiangxi"}, "can't be read"),
        ({"scope": "everywhere"}, "can't be read"),
        ({"source": " "}, "a text and a source"),
        ({"text": "只有题目"}, "a text and a source"),
        ({"first_day": date(2021, 1, 1)}, "for the same place from the same day"),
    ],
)
def test_a_letter_that_cannot_stand_is_told_at_the_start(said: dict[str, Any], problem: str, tmp_path: Path) -> None:
    place_letter(tmp_path, "zzz-placed", **{"first_day": date(2027, 1, 1), **said})
    told = check_letters(tmp_path)
    assert len(told) == 1
    assert problem in told[0]
    assert set(told) <= set(check_words_and_rules(tmp_path))
    with pytest.raises(BrokenLetters, match="zzz-placed"):
        insist_on_letters(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "is no folder" in check_letters(tmp_path / "nowhere")[0]


def test_a_letter_without_its_description_is_told(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "letter.txt").write_text("题目\n正文", encoding="utf-8")
    assert "letters/bare: can't be read" in check_letters(tmp_path)[0]
