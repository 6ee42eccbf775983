"""Hop 4: the commitment letter, shown to the end and signed (R061–R067, D8)."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from casework.callers import Citizen
from casework.deps import MAKE_LETTERS, Deps, unit_of_work
from casework.facts import Letter, facts_of, insist_age, level_of
from casework.keep_evidence import Circumstances, evidence_columns, proven_by
from casework.prove_signer import ProvenSigner, SignerProof, prove_signer
from casework.repeat import once
from casework.secret import fresh_token, hashed
from casework.signed_letter import as_signed
from casework.step import Said, insist_open, take_step
from casework.track import own_case, own_case_to_change
from casework.views import LetterView, SignatureView
from domain.evidence import judge_strokes
from domain.refusal import Refusal
from domain.terms import CaseEventKind, EditionKind, SignatureMethod
from models.case import Case
from models.letter_edition import owe_edition
from models.request_key import is_claimed
from models.signature import (
    LetterShowing,
    Signature,
    find_showing,
    keep_reading,
    spend_showing,
    write_signature,
)
from models.signature import (
    show_letter as keep_showing,
)
from templates.letters import render_signed_letter

SIGNING_WINDOW = timedelta(minutes=30)
Strokes = tuple[tuple[tuple[int, int, int], ...], ...]


@dataclass(frozen=True)
class SigningAct:
    """What the mini-program sends when the citizen signs.

    ``strokes`` are (x, y, milliseconds) in a box of 0..1000; ``client`` and ``address`` are what the door saw;
    ``proof`` is a check the signer passed elsewhere, if any.
    """

    nonce: str
    digest: str
    read_to_end: bool
    information_true: bool
    strokes: Strokes
    client: str
    address: str
    proof: SignerProof | None = None


async def show_letter(deps: Deps, citizen: Citizen, number: str) -> LetterView:
    """Show the letter filled in with this case's facts, and keep that it was shown.

    Raises:
        Refusal: ``letter_not_required`` (R060), ``letter_on_paper`` where no source gives the text (D1),
            ``letter_already_signed``, ``case_not_open``.
    """
    case = await own_case(deps, citizen, number)
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


async def read_letter(deps: Deps, citizen: Citizen, number: str, nonce: str) -> None:
    """Keep when the letter was read to its end on the phone, by the server's clock.

    Raises:
        Refusal: ``letter_not_shown``, ``letter_shown_expired``, ``case_not_found``.
    """
    case = await own_case(deps, citizen, number)
    async with unit_of_work(deps):
        showing = await _live_showing(deps, case, nonce)
        await keep_reading(showing.id, deps.clock.now())


async def sign_letter(deps: Deps, citizen: Citizen, number: str, act: SigningAct, key: str) -> SignatureView:
    """Sign exactly what was shown.

    A guardian signs for the minor as 监护人 (D6). The signature proves login, verified phone and read-through
    (level 1), with a ``proof`` also the check its provider confirms; it is 待窗口确认 until the counter confirms it
    (D8).

    Raises:
        Refusal: ``letter_not_shown``, ``letter_shown_expired``, ``letter_changed``, ``letter_not_read``,
            ``statement_required`` (R048), ``strokes_empty``, ``strokes_absurd``, ``strokes_too_large``,
            ``letter_already_signed``, ``letter_on_paper``, ``letter_not_required``, ``case_not_open``,
            ``age_changed`` when the minor has turned 16 and has to sign in person (D6); with a proof also
            ``signer_check_needs_card``, ``signer_check_failed``, ``signer_check_unavailable``.
    """
    seen_by_the_door = {"client", "address"}  # a retry may come from another network
    body = {"number": number} | {name: value for name, value in asdict(act).items() if name not in seen_by_the_door}
    proven = await _proven(deps, citizen, number, act, key)
    signed = await once(
        deps, citizen, key, act="sign_letter", body=body, view=SignatureView,
        do=lambda: _sign(deps, citizen, number, act, proven),
    )  # fmt: skip
    await deps.queue.wake(MAKE_LETTERS)
    return signed


async def signed_letter(deps: Deps, citizen: Citizen, number: str) -> str:
    """The signed letter as one self-contained HTML file.

    Raises:
        Refusal: ``case_not_found``, ``letter_not_signed``.
    """
    case = await own_case(deps, citizen, number)
    facts = await facts_of(deps, case)
    if facts.signature is None:
        raise Refusal("letter_not_signed")
    return _render(facts.signature, confirmed=facts.confirmation is not None)


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


async def _proven(deps: Deps, citizen: Citizen, number: str, act: SigningAct, key: str) -> ProvenSigner | None:
    """The check the signer passed, asked for before the transaction; a repeat of the request asks nobody again."""
    if act.proof is None or await is_claimed(citizen.actor, key):
        return None
    _insist_meant(act)
    return await prove_signer(deps, citizen, number, act.proof, act.digest)


async def _sign(
    deps: Deps, citizen: Citizen, number: str, act: SigningAct, proven: ProvenSigner | None
) -> SignatureView:
    if act.proof is not None and proven is None:
        raise Refusal("signer_check_unavailable", source="B70")
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    insist_age(case, deps.today())
    letter = await _letter_to_sign(deps, case)
    showing = await _insist_shown(deps, case, letter, act)
    _insist_meant(act)
    now = deps.clock.now()
    if not await spend_showing(showing.id, now):
        raise Refusal("letter_shown_expired")
    await take_step(
        deps, case, CaseEventKind.LETTER_SIGNED, Said(citizen.actor, now),
        facts={"version": letter.text.version, "digest": letter.digest, "capacity": letter.capacity},
    )  # fmt: skip
    how = Circumstances(showing.shown_at, showing.read_at, now, act.client[:200], act.address, act.strokes, proven)
    signature = await write_signature(
        case_id=case.id,
        version=letter.text.version,
        method=SignatureMethod.PHONE,
        capacity=letter.capacity,
        digest=letter.digest,
        canonical=letter.canonical.decode(),
        evidence={"signer": letter.signer_name, "proven_by": proven_by(proven), "strokes": act.strokes},
        rule_day=deps.today(),
        signed_at=now,
        **await evidence_columns(deps, case, letter, how),
    )
    await owe_edition(signature.id, EditionKind.SIGNED, now)
    return signature_view(signature, confirmed=False)


async def _live_showing(deps: Deps, case: Case, nonce: str) -> LetterShowing:
    """The showing a nonce belongs to. A clock that was set back makes it worth nothing, as one that ran out does."""
    showing = await find_showing(case.id, hashed(nonce))
    if showing is None:
        raise Refusal("letter_not_shown")
    if showing.used_at is not None or not showing.shown_at <= deps.clock.now() < showing.expires_at:
        raise Refusal("letter_shown_expired")
    return showing


async def _insist_shown(deps: Deps, case: Case, letter: Letter, act: SigningAct) -> LetterShowing:
    showing = await _live_showing(deps, case, act.nonce)
    if not showing.digest == letter.digest == act.digest:
        raise Refusal("letter_changed")
    return showing


def _insist_meant(act: SigningAct) -> None:
    if not act.read_to_end:
        raise Refusal("letter_not_read", source="R064")
    if not act.information_true:
        raise Refusal("statement_required", source="R048")
    judge_strokes(act.strokes).insist()


def signature_view(signature: Signature, *, confirmed: bool) -> SignatureView:
    """A signature on record."""
    return SignatureView(
        number=signature.number,
        version=signature.version,
        digest=signature.digest,
        capacity=signature.capacity,
        method=signature.method,
        signed_at=signature.signed_at,
        confirmed_at_counter=confirmed,
        level=level_of(signature.evidence),
    )


def _render(signature: Signature, *, confirmed: bool) -> str:
    signed = as_signed(signature)
    return render_signed_letter(
        signed.text,
        facts=signed.facts,
        signer=signed.signer,
        capacity=signed.capacity,
        signed_at=signed.signed_at,
        digest=signature.digest,
        strokes=signed.strokes,
        minor=signed.minor,
        confirmed=confirmed,
    )
