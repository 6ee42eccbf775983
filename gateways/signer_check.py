"""Who signs, proven by a certificate authority or a platform's face check that speaks this contract.

The phone goes through the provider's own page and comes back with a single-use token. What the phone says proves
nothing: the result is asked for here, from server to server (B70).

**Request.** ``POST <url>`` with ``Content-Type: application/json`` and a UTF-8 body::

    {"account": "...", "kind": "face"|"certificate", "token": "...", "name": "...", "identity_number": "...",
     "letter_digest": "<SHA-256 of the letter, hex>", "timestamp": <unix seconds>}

``X-Signer-Check-Signature`` is the lower-case hex HMAC-SHA256 with the account's secret over
``<timestamp> + "." + <body bytes as sent>``. The provider refuses timestamps over 300 s off.

**Answer.** ``200 {"status": "proven", "id": "<provider's id of the check>"}``: the token is of a check of this kind,
which this very person passed. ``200 {"status": "refused"}``: it is not. Anything else means: not now.

**Once.** A token counts for the first ``letter_digest`` it was asked with and is refused for every other; asked again
with the same one, the provider answers as the first time. So a question whose answer was lost may be repeated.
"""

from collections.abc import Callable
from datetime import datetime

import aiohttp
import orjson
import structlog

from domain.refusal import Refusal
from domain.terms import SignerCheckKind
from gateways.http import ask
from gateways.signing import sign
from gateways.trouble import UnreachableError

SIGNATURE_HEADER = "X-Signer-Check-Signature"
PROVEN = "proven"
REFUSED = "refused"
_LONGEST_ID = 100

_log = structlog.get_logger(__name__)


class SignerCheckClient:
    """One account at one provider."""

    def __init__(
        self, session: aiohttp.ClientSession, *, url: str, account: str, secret: str, clock: Callable[[], datetime]
    ) -> None:
        self._session = session
        self._url = url
        self._account = account
        self._secret = secret
        self._clock = clock

    async def prove(
        self, *, kind: SignerCheckKind, token: str, name: str, identity_number: str, letter_digest: str
    ) -> str:
        """The provider's id of the check this person passed; safe to repeat for the same letter.

        Raises:
            Refusal: ``signer_check_failed``, ``signer_check_unavailable``.
        """
        asked = {
            "kind": kind, "token": token, "name": name, "identity_number": identity_number,
            "letter_digest": letter_digest,
        }  # fmt: skip
        try:
            told = await self._asked(asked)
        except UnreachableError as trouble:
            _log.warning("signer_check_unavailable", kind=kind, reason=trouble.reason)
            raise Refusal("signer_check_unavailable", source="B70") from None
        if told is None:
            raise Refusal("signer_check_failed", source="B70")
        return told

    async def _asked(self, asked: dict[str, str]) -> str | None:
        timestamp = int(self._clock().timestamp())
        body = orjson.dumps({"account": self._account, **asked, "timestamp": timestamp})
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(self._secret, timestamp, body)}
        answer = await ask(self._session, "POST", self._url, body=body, headers=headers)
        if answer.status != 200:
            raise UnreachableError(f"http_{answer.status}")
        return _id_of(answer.body)


def _id_of(body: bytes) -> str | None:
    """The id of a passed check, None for a refused one. Raises UnreachableError for what the contract does not have."""
    try:
        told = orjson.loads(body)
        if told["status"] == REFUSED:
            return None
        found = told["id"]
    except (ValueError, TypeError, KeyError):
        raise UnreachableError("not_json") from None
    if told["status"] != PROVEN or not isinstance(found, str) or not 0 < len(found) <= _LONGEST_ID:
        raise UnreachableError("not_the_contract")
    return found
