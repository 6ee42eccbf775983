"""The files of signed letters: made by a job after the signature, which never waits for them."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import structlog

from casework.deps import Deps
from casework.signed_letter import SignedLetter, as_signed
from domain.terms import EditionKind, EditionStatus
from models.letter_edition import LetterEdition, claim_edition, due_editions, keep_edition, postpone_edition
from models.operator_task import close_task, open_task
from templates.letter_pdf import render_letter_pdf
from templates.press import Paper

BATCH = 20
LEASE = timedelta(seconds=45)  # longer than the 30 s a job may run; a dead worker's letter comes back after it
MOST_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=10)
NEXT_DAY = timedelta(days=1)
NOT_MADE, NOT_PRINTED = "letter_not_made", "letter_glyphs_missing"
REASONS = {EditionKind.SIGNED: "告知承诺书电子签署件", EditionKind.CONFIRMED: "告知承诺书窗口确认件"}
log = structlog.get_logger()


async def make_due(deps: Deps) -> int:
    """Make every file that is due; returns how many were taken in hand. Safe to run twice at once."""
    taken = 0
    while ids := await due_editions(deps.clock.now(), BATCH):
        handled = sum([await _handle(deps, edition_id) for edition_id in ids])
        if not handled:
            break
        taken += handled
    return taken


async def _handle(deps: Deps, edition_id: int) -> bool:
    now = deps.clock.now()
    edition = await claim_edition(edition_id, now, now + LEASE)
    if edition is None:
        return False
    try:
        made, pdf = await _made(deps, edition)
    except Exception as trouble:  # noqa: BLE001 – its text may quote a person, so only its kind is told
        log.error("letter_failed", edition=edition.id, trouble=type(trouble).__name__)  # noqa: TRY400
        await _give_back(edition, now)
        return True
    if await keep_edition(edition.id, pdf, "".join(sorted(made.unprinted)), deps.clock.now()):
        await _tell_operator(edition, made, deps.clock.now())
    return True


async def _made(deps: Deps, edition: LetterEdition) -> tuple[Paper, bytes]:
    signed = as_signed(edition.signature)
    made = await asyncio.to_thread(_set, deps, signed, edition)
    sealing = partial(deps.seal.sign_pdf, made.pdf, reason=REASONS[edition.kind], at=deps.clock.now())
    return made, await asyncio.to_thread(sealing)


def _set(deps: Deps, signed: SignedLetter, edition: LetterEdition) -> Paper:
    return render_letter_pdf(
        signed.text,
        number=edition.signature.case.number,
        letter_number=signed.number,
        facts=signed.facts,
        signer=signed.signer,
        capacity=signed.capacity,
        signed_at=signed.signed_at,
        digest=signed.digest,
        digest_name=signed.digest_name,
        strokes=signed.strokes,
        verify_text=deps.settings.verify_url(signed.number),
        minor=signed.minor,
        confirmed=edition.kind is EditionKind.CONFIRMED,
        font_paths=deps.settings.fonts,
    )


async def _give_back(edition: LetterEdition, now: datetime) -> None:
    """Try again soon; after the last try ask a person, and go on trying once a day: nothing stays pending unseen."""
    if edition.attempts < MOST_ATTEMPTS:
        wait = FIRST_WAIT * 2 ** (edition.attempts - 1)
        return await postpone_edition(edition.id, EditionStatus.OWED, now + wait)
    await open_task(NOT_MADE, _subject(edition), now)
    return await postpone_edition(edition.id, EditionStatus.FAILED, now + NEXT_DAY)


async def _tell_operator(edition: LetterEdition, made: Paper, now: datetime) -> None:
    await close_task(NOT_MADE, _subject(edition), now)
    if made.unprinted:
        log.warning("letter_glyphs_missing", edition=edition.id, characters=len(made.unprinted))
        await open_task(NOT_PRINTED, _subject(edition), now)


def _subject(edition: LetterEdition) -> str:
    return f"{edition.signature.number}:{edition.kind}"
