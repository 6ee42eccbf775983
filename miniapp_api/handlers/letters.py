"""Hop 4: the commitment letter, shown and signed."""

from casework import correct_facts as correcting
from casework import read_letter, sign
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import CaseView, LetterView, SignatureView
from miniapp_api.reading import Client, Key
from miniapp_api.shapes import CorrectedFacts, LetterRead, PathText, Signature


async def show_letter(deps: Deps, citizen: Citizen, number: PathText) -> LetterView:
    """Show the letter of a case, with the nonce and digest to sign it by."""
    return await sign.show_letter(deps, citizen, number)


async def mark_letter_read(deps: Deps, citizen: Citizen, number: PathText, body: LetterRead) -> None:
    """Say that the letter was read to its end: the server keeps when."""
    await sign.read_letter(deps, citizen, number, body.nonce)


async def sign_letter(
    deps: Deps, citizen: Citizen, number: PathText, body: Signature, *, client: Client, key: Key
) -> SignatureView:
    """Sign the letter that was shown."""
    act = sign.SigningAct(
        nonce=body.nonce,
        digest=body.digest,
        read_to_end=body.read_to_end,
        information_true=body.information_true,
        strokes=body.strokes,
        client=client.software,
        address=client.address,
        proof=body.proof.given() if body.proof else None,
    )
    return await sign.sign_letter(deps, citizen, number, act, key)


async def read_signed_letter(deps: Deps, citizen: Citizen, number: PathText) -> str:
    """Read the signed letter as one page that asks nothing from outside."""
    return await sign.signed_letter(deps, citizen, number)


async def read_letter_file(deps: Deps, citizen: Citizen, number: PathText) -> bytes:
    """Read the signed letter as a sealed PDF; it is made within seconds of the signature."""
    return await read_letter.my_letter(deps, citizen, number)


async def correct_facts(deps: Deps, citizen: Citizen, number: PathText, body: CorrectedFacts, key: Key) -> CaseView:
    """Correct what was filled in, before the visit; a letter signed before has to be signed again."""
    return await correcting.correct_facts(deps, citizen, number, body.wish(), key)
