"""Hop 4: the commitment letter, shown and signed."""

from casework import sign
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import LetterView, SignatureView
from miniapp_api.reading import Client, Key
from miniapp_api.shapes import PathText, Signature


async def show_letter(deps: Deps, citizen: Citizen, number: PathText) -> LetterView:
    """Show the letter of a case, with the nonce and digest to sign it by."""
    return await sign.show_letter(deps, citizen, number)


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
    )
    return await sign.sign_letter(deps, citizen, number, act, key)


async def read_signed_letter(deps: Deps, citizen: Citizen, number: PathText) -> str:
    """Read the signed letter as one page that asks nothing from outside."""
    return await sign.signed_letter(deps, citizen, number)
