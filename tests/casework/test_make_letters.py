"""The letter's file: made after the signature by whoever comes first, never forgotten, never pending for ever."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from casework.accept import confirm_letter
from casework.deps import MAKE_LETTERS, Deps
from casework.make_letters import LEASE, MOST_ATTEMPTS, make_due
from casework.read_letter import letter_at_counter, my_letter
from casework.sign import sign_letter
from casework.state_presence import state_presence
from casework.verify_letter import tasks_in_words, verify_letter
from domain.evidence import PdfVerdict
from domain.terms import EditionKind, EditionStatus, Present, SignatureMethod
from models.audit import AuditEntry
from models.letter_edition import LetterEdition, claim_edition
from models.operator_task import OperatorTask
from models.reseal import lifted
from models.signature import Signature
from tests.casework.refused import refused
from tests.casework.town import GANZHOU, NANCHANG, Town, key
from tests.casework.way import ADULT, MINOR, gone, person, set_out
from tests.models.outside import read


async def file_of(town: Town, kind: EditionKind = EditionKind.SIGNED) -> bytes:
    pdf = (await LetterEdition.get(kind=kind)).pdf
    assert isinstance(pdf, bytes)
    return pdf


async def worth(town: Town, pdf: bytes) -> PdfVerdict:
    return await asyncio.to_thread(town.deps.seal.verify_pdf, pdf)


class HeavySeal:
    """A seal that can't seal a file; what it says quotes a person."""

    def __init__(self, deps: Deps) -> None:
        self._whole = deps.seal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def sign_pdf(self, pdf: bytes, **_: Any) -> bytes:
        raise RuntimeError("could not seal the letter of 示例甲")


async def test_signing_owes_the_file_and_does_not_wait_for_it(town: Town) -> None:
    way = await gone(town, "signed")
    assert MAKE_LETTERS in town.bell.rung
    assert (await LetterEdition.get()).status is EditionStatus.OWED
    with refused("letter_being_made"):
        await my_letter(town.deps, way.citizen, way.number)
    assert await make_due(town.deps) == 1
    pdf = await my_letter(town.deps, way.citizen, way.number)
    verdict = await worth(town, pdf)
    assert verdict.stands
    assert verdict.signed_at == town.clock.now()


async def test_a_guardians_letter_is_made_too(town: Town) -> None:
    way = await gone(town, "signed", MINOR)
    await make_due(town.deps)
    assert (await worth(town, await my_letter(town.deps, way.citizen, way.number))).stands


async def test_the_file_lies_sealed_in_the_table(town: Town) -> None:
    await gone(town, "signed")
    await make_due(town.deps)
    [row] = await read("SELECT pdf FROM letter_edition")
    assert b"%PDF" not in bytes(row["pdf"])


async def test_a_changed_byte_shows(town: Town) -> None:
    way = await gone(town, "signed")
    await make_due(town.deps)
    pdf = bytearray(await my_letter(town.deps, way.citizen, way.number))
    pdf[len(pdf) // 3] ^= 1
    assert not (await worth(town, bytes(pdf))).stands


async def test_two_workers_make_each_file_once(town: Town) -> None:
    for _ in range(4):
        await gone(town, "signed")
    taken = await asyncio.gather(*(make_due(town.deps) for _ in range(3)))
    assert sum(taken) == 4
    assert {(e.status, e.attempts) for e in await LetterEdition.all()} == {(EditionStatus.MADE, 1)}


async def test_the_letter_of_a_worker_that_died_comes_back_when_its_lease_is_over(town: Town) -> None:
    await gone(town, "signed")
    edition, now = await LetterEdition.get(), town.clock.now()
    assert await claim_edition(edition.id, now, now + LEASE) is not None  # and nobody comes back from it
    assert await make_due(town.deps) == 0
    town.clock.turn(seconds=LEASE.total_seconds())
    assert await make_due(town.deps) == 1
    assert (await LetterEdition.get()).attempts == 2


async def test_a_worker_that_comes_back_late_does_not_replace_the_file(town: Town) -> None:
    await gone(town, "signed")
    slow = replace(town.deps, seal=Overtaken(town))
    await make_due(slow)
    kept = await LetterEdition.get()
    assert kept.made_at == town.clock.now()
    assert (await worth(town, await file_of(town))).signed_at == kept.made_at


class Overtaken:
    """While this one seals, its lease runs out and another worker makes the file."""

    def __init__(self, town: Town) -> None:
        self._town, self._loop = town, asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._town.deps.seal, name)

    def sign_pdf(self, pdf: bytes, *, reason: str, at: Any) -> bytes:
        self._town.clock.turn(seconds=LEASE.total_seconds() + 1)
        asyncio.run_coroutine_threadsafe(make_due(self._town.deps), self._loop).result(30)
        return self._town.deps.seal.sign_pdf(pdf, reason=reason, at=at)


async def test_what_fails_is_tried_again_and_then_told_to_a_person(town: Town) -> None:
    way = await gone(town, "signed")
    broken = replace(town.deps, seal=HeavySeal(town.deps))
    with capture_logs() as logs:
        for attempt in range(MOST_ATTEMPTS):
            assert await make_due(broken) == 1, attempt
            town.clock.turn(minutes=5)
    edition = await LetterEdition.get()
    assert (edition.status, edition.attempts) == (EditionStatus.FAILED, MOST_ATTEMPTS)
    number = (await Signature.get()).number
    assert [line.split(":")[0] for line in await tasks_in_words()] == [f"letter {number}"]
    assert {log["trouble"] for log in logs if log["event"] == "letter_failed"} == {"RuntimeError"}
    assert "示例甲" not in str(logs)
    with refused("letter_not_made"):
        await my_letter(town.deps, way.citizen, way.number)
    assert (await way.check_in()).letter.standing == "signed"


async def test_a_failed_file_is_tried_every_day_and_the_task_closed_when_it_is_made(town: Town) -> None:
    way = await gone(town, "signed")
    broken = replace(town.deps, seal=HeavySeal(town.deps))
    for _ in range(MOST_ATTEMPTS):
        await make_due(broken)
        town.clock.turn(minutes=5)
    assert await make_due(town.deps) == 0
    town.clock.turn(days=1)
    assert await make_due(town.deps) == 1
    assert await tasks_in_words() == []
    assert (await OperatorTask.get()).closed_at == town.clock.now()
    assert (await worth(town, await my_letter(town.deps, way.citizen, way.number))).stands


async def test_one_letter_that_fails_keeps_no_other_waiting(town: Town) -> None:
    first, second = await gone(town, "signed"), await gone(town, "signed")
    spoilt = await Signature.get(case__number=first.number)
    await LetterEdition.filter(signature_id=spoilt.id).update(due_at=town.clock.now() - timedelta(minutes=1))
    await _spoil(spoilt)
    assert await make_due(town.deps) == 2
    assert await my_letter(town.deps, second.citizen, second.number)


async def _spoil(signature: Signature) -> None:
    async with lifted():
        await Signature.filter(id=signature.id).update(record="{}")


async def test_a_character_without_a_glyph_is_told_to_the_operator_and_the_file_is_made(town: Town) -> None:
    way = await set_out(town, facts=person(ADULT, name="示例𰻞"))
    await way.until("signed")
    await make_due(town.deps)
    edition = await LetterEdition.get()
    assert (edition.status, edition.unprinted) == (EditionStatus.MADE, "𰻞")
    assert "without a glyph" in (await tasks_in_words())[0]


async def test_the_counters_confirmation_makes_a_second_edition_and_keeps_the_first(town: Town) -> None:
    way = await gone(town, "signed")
    await make_due(town.deps)
    first = await file_of(town)
    await way.check_in()
    await way.confirm()
    assert await my_letter(town.deps, way.citizen, way.number) == first
    await make_due(town.deps)
    second = await my_letter(town.deps, way.citizen, way.number)
    assert second != first
    assert (await worth(town, second)).stands
    assert await file_of(town) == first
    found = await verify_letter(town.deps, (await Signature.get()).number)
    assert (found.confirmed_at_counter, found.confirmed_at) == (True, town.clock.now())


async def test_paper_in_place_of_the_phone_makes_no_confirmed_edition(town: Town) -> None:
    way = await gone(town, "checked_in")
    await confirm_letter(town.deps, await town.clerk(), way.number, SignatureMethod.PAPER)
    assert [edition.kind for edition in await LetterEdition.all()] == [EditionKind.SIGNED]
    found = await verify_letter(town.deps, (await Signature.get()).number)
    assert (found.confirmed_at_counter, found.replaced_by_paper) == (False, True)


async def test_the_same_signature_sent_twice_owes_one_file(town: Town) -> None:
    way, tap = await gone(town, "booked"), key()
    act = await way.signing()
    for _ in range(2):
        await sign_letter(town.deps, way.citizen, way.number, act, tap)
    assert await LetterEdition.all().count() == 1


async def test_another_account_and_another_station_read_no_file(town: Town) -> None:
    theirs, mine = await gone(town, "accepted"), await gone(town, "open")
    await make_due(town.deps)
    with refused("case_not_found"):
        await my_letter(town.deps, mine.citizen, theirs.number)
    with refused("case_of_other_station"):
        await letter_at_counter(town.deps, await town.clerk(GANZHOU), theirs.number)
    clerk = await town.clerk(NANCHANG)
    town.clock.turn(days=1)
    with refused("presence_required"):
        await letter_at_counter(town.deps, clerk, theirs.number)
    await state_presence(town.deps, clerk, theirs.number, Present.APPLICANT)
    assert (await letter_at_counter(town.deps, clerk, theirs.number)).startswith(b"%PDF")
    acts = [entry.act for entry in await AuditEntry.filter(act__startswith="read_letter").order_by("id")]
    assert acts == ["read_letter_refused", "read_letter", "read_letter"]


async def test_an_operators_font_folder_may_be_empty(town: Town, tmp_path: Path) -> None:
    deps = replace(town.deps, settings=replace(town.deps.settings, fonts=(tmp_path,)))
    await gone(town, "signed")
    assert await make_due(deps) == 1
    assert (await LetterEdition.get()).status is EditionStatus.MADE
