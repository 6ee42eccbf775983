"""Hop 4: the commitment letter, shown to the end and signed (R061–R067, D8)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import Letter, facts_of
from casework.repeat import once
from casework.secret import fresh_token, hashed
from casework.step import Said, insist_open, take_step
from casework.track import own_case, own_case_to_change
from casework.views import LetterView, SignatureView
from domain.refusal import Refusal
from domain.terms import CaseEventKind, SignatureMethod
from models.case import Case
from models.signature import (
    LetterShowing,
    Signature,
    find_showing,
    spend_showing,
    write_signature,
)
from models.signature import (
    show_letter as keep_showing,
)
from templates.letters import render_signed_letter

SIGNING_WINDOW = timedelta(minutes=30)
MOST_POINTS = 20_000
FEWEST_POINTS = 8  # fewer are a tap, not a signature
Strokes = tuple[tuple[tuple[int, int, int], ...], ...]


@dataclass(frozen=True)
class SigningAct:
    """What the mini-program sends when the citizen signs.

    ``strokes`` are (x, y, milliseconds) in a box of 0..1000; ``client`` and ``address`` are what the door saw.
    """

    nonce: str
    digest: str
    read_to_end: bool
    information_true: bool
    strokes: Strokes
    client: str
    address: str


async def show_letter(deps: Deps, citizen: Citizen, number: str) -> LetterView:
    """Show the letter filled in with this case's facts, and keep that it was shown.

    Raises:
        Refusal: ``letter_not_required`` (R060), ``letter_on_paper`` where no source gives the text (D1),
            ``letter_already_signed``, ``case_not_open``.
    """
    case = await own_case(citizen, number)
    insist_open(case)
    letter = await _letter_to_sign(deps, case)
    nonce, now = fresh_token(deps), deps.clock.now()
    expires_at = now + SIGNING_WINDOW
    await keep_showing(
        case_id=case.id, nonce_hash=hashed(nonce), version=letter.text.version, digest=letter.digest,
        shown_at=now, expires_at=expires_at,
    )  # fmt: skip
    return LetterView(
        version=letter.text.version,
        title=letter.text.title,
        paragraphs=letter.text.paragraphs,
        facts=dict(letter.facts),
        digest=letter.digest,
        nonce=nonce,
        expires_at=expires_at,
        signer_name=letter.signer_name,
        capacity=letter.capacity,
        notices=_notices(case),
    )


async def sign_letter(deps: Deps, citizen: Citizen, number: str, act: SigningAct, key: str) -> SignatureView:
    """Sign exactly what was shown.

    A guardian signs for the minor as 监护人 (D6). The signature proves login, verified phone and read-through
    (level 1); it is 待窗口确认 until the counter confirms it (D8).

    Raises:
        Refusal: ``letter_not_shown``, ``letter_shown_expired``, ``letter_changed``, ``letter_not_read``,
            ``statement_required`` (R048), ``strokes_empty``, ``strokes_too_large``, ``letter_already_signed``,
            ``letter_on_paper``, ``letter_not_required``, ``case_not_open``.
    """
    seen_by_the_door = {"client", "address"}  # a retry may come from another network
    body = {"number": number} | {name: value for name, value in asdict(act).items() if name not in seen_by_the_door}
    return await once(
        deps, citizen, key, act="sign_letter", body=body, view=SignatureView,
        do=lambda: _sign(deps, citizen, number, act),
    )  # fmt: skip


async def signed_letter(deps: Deps, citizen: Citizen, number: str) -> str:
    """The signed letter as one self-contained HTML file.

    Raises:
        Refusal: ``case_not_found``, ``letter_not_signed``.
    """
    case = await own_case(citizen, number)
    facts = await facts_of(deps, case)
    if facts.letter is None or facts.signature is None:
        raise Refusal("letter_not_signed")
    return _render(case, facts.letter, facts.signature, confirmed=facts.confirmation is not None)


def _notices(case: Case) -> tuple[str, ...]:
    """What must be said before signing: the refusal consequence and, for minors, the same-frame photo (R064, R065)."""
    told = ("如证件不予签发，请回常住户口所在地公安机关办理居民身份证首次申领手续。",)
    return (*told, "受理时将在窗口拍照留存监护人与申请人同框的图像信息。") if case.is_minor else told


async def _letter_to_sign(deps: Deps, case: Case) -> Letter:
    facts = await facts_of(deps, case)
    refusals = {"not_required": "letter_not_required", "on_paper": "letter_on_paper"}
    if refusal := refusals.get(facts.letter_standing):
        raise Refusal(refusal, source=facts.guidance.letter.source)
    if facts.letter is None or facts.letter_standing != "to_sign":
        raise Refusal("letter_already_signed")
    return facts.letter


async def _sign(deps: Deps, citizen: Citizen, number: str, act: SigningAct) -> SignatureView:
    case = await own_case_to_change(citizen, number)
    insist_open(case)
    letter = await _letter_to_sign(deps, case)
    showing = await _insist_shown(deps, case, letter, act)
    _insist_meant(act)
    now = deps.clock.now()
    if not await spend_showing(showing.id, now):
        raise Refusal("letter_shown_expired")
    signature = await write_signature(
        case_id=case.id,
        version=letter.text.version,
        method=SignatureMethod.PHONE,
        capacity=letter.capacity,
        digest=letter.digest,
        canonical=letter.canonical.decode(),
        evidence=_evidence(letter, act, showing.shown_at, now),
        rule_day=deps.today(),
        signed_at=now,
    )
    await take_step(
        deps, case, CaseEventKind.LETTER_SIGNED, Said(citizen.actor, now),
        facts={"version": letter.text.version, "digest": letter.digest, "capacity": letter.capacity},
    )  # fmt: skip
    return signature_view(signature, confirmed=False)


async def _insist_shown(deps: Deps, case: Case, letter: Letter, act: SigningAct) -> LetterShowing:
    showing = await find_showing(case.id, hashed(act.nonce))
    if showing is None:
        raise Refusal("letter_not_shown")
    if showing.used_at is not None or deps.clock.now() >= showing.expires_at:
        raise Refusal("letter_shown_expired")
    if not showing.digest == letter.digest == act.digest:
        raise Refusal("letter_changed")
    return showing


def _insist_meant(act: SigningAct) -> None:
    if not act.read_to_end:
        raise Refusal("letter_not_read", source="R064")
    if not act.information_true:
        raise Refusal("statement_required", source="R048")
    points = sum(len(stroke) for stroke in act.strokes)
    if points < FEWEST_POINTS or _extent(act.strokes) < 50:
        raise Refusal("strokes_empty")
    if points > MOST_POINTS:
        raise Refusal("strokes_too_large", most=MOST_POINTS)


def _extent(strokes: Sequence[Sequence[tuple[int, int, int]]]) -> int:
    """The longer side of the box around the handwriting, in thousandths of the canvas."""
    xs = [x for stroke in strokes for x, _, _ in stroke]
    ys = [y for stroke in strokes for _, y, _ in stroke]
    return max(max(xs) - min(xs), max(ys) - min(ys)) if xs else 0


def _evidence(letter: Letter, act: SigningAct, shown_at: datetime, signed_at: datetime) -> dict[str, object]:
    return {
        "signer": letter.signer_name,
        "proven_by": ["wechat_login", "verified_phone"],
        "shown_at": shown_at.isoformat(),
        "signed_at": signed_at.isoformat(),
        "read_to_end": act.read_to_end,
        "information_true": act.information_true,
        "strokes": act.strokes,
        "strokes_digest": hashed(json.dumps(act.strokes)),
        "client": act.client[:200],
        "address": act.address,
    }


def signature_view(signature: Signature, *, confirmed: bool) -> SignatureView:
    """A signature on record."""
    return SignatureView(
        version=signature.version,
        digest=signature.digest,
        capacity=signature.capacity,
        method=signature.method,
        signed_at=signature.signed_at,
        confirmed_at_counter=confirmed,
    )


def _render(case: Case, letter: Letter, signature: Signature, *, confirmed: bool) -> str:
    return render_signed_letter(
        letter.text,
        facts=letter.facts,
        signer=letter.signer_name,
        capacity=letter.capacity,
        signed_at=signature.signed_at,
        digest=signature.digest,
        strokes=signature.evidence["strokes"],
        minor=str(case.form["name"]) if case.is_minor else None,
        confirmed=confirmed,
    )
