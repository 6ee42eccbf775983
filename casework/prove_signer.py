"""The signer proven by more than a phone: a face check or a certificate, where somebody offers it (B70, D8)."""

from dataclasses import dataclass

from casework.callers import Citizen
from casework.deps import Deps
from casework.track import own_case
from domain.refusal import Refusal
from domain.terms import ServiceItem, SignerCheckKind
from models.case import Case


@dataclass(frozen=True)
class SignerProof:
    """What the phone brought back from the provider: the kind of check and its single-use token."""

    kind: SignerCheckKind
    token: str


@dataclass(frozen=True)
class ProvenSigner:
    """A check that was passed, by the provider's own answer; ``id`` is its number there."""

    kind: SignerCheckKind
    id: str


async def prove_signer(
    deps: Deps, citizen: Citizen, number: str, proof: SignerProof, letter_digest: str
) -> ProvenSigner:
    """Ask the provider whether the one who has to sign passed this check. Takes as long as it takes: in no transaction.

    Raises:
        Refusal: ``signer_check_needs_card`` for a face check of someone who applies for the first card (B70),
            ``signer_check_failed``, ``signer_check_unavailable`` where nobody offers it or nobody answers.
    """
    case = await own_case(deps, citizen, number)
    _insist_on_card(case, proof.kind)
    if deps.signer_check is None:
        raise Refusal("signer_check_unavailable", source="B70")
    signer = case.form.get("guardian") or case.form
    found = await deps.signer_check.prove(
        kind=proof.kind,
        token=proof.token,
        name=str(signer["name"]),
        identity_number=str(signer["identity_number"]),
        letter_digest=letter_digest,
    )
    return ProvenSigner(proof.kind, found)


def _insist_on_card(case: Case, kind: SignerCheckKind) -> None:
    first = case.item is ServiceItem.ID_CARD_FIRST_APPLICATION and not case.form.get("guardian")
    if first and kind is SignerCheckKind.FACE:
        raise Refusal("signer_check_needs_card", source="B70")
