"""What the acts need from outside. ``gateways/`` and ``workers/queue.py`` fit these shapes; ``run.py`` joins them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.evidence import DigestAlgorithm, PdfVerdict
from domain.feed import FeedLine
from domain.notice import Delivery, ProviderReport
from domain.terms import SignerCheckKind


class Clock(Protocol):
    """The one clock."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        ...


class Random(Protocol):
    """A cryptographically strong source."""

    def token(self, size: int) -> bytes:
        """``size`` random bytes."""
        ...


class LoginAnswer(Protocol):
    """Who WeChat says this is."""

    @property
    def openid(self) -> str:
        """The user's id within the app."""
        ...


class MiniProgram(Protocol):
    """What the mini-program's server API does for us. Raises Refusal for what a citizen can mend."""

    async def login(self, code: str) -> LoginAnswer:
        """Exchange a single-use login code (B71)."""
        ...

    async def phone_number(self, code: str) -> str:
        """Exchange a single-use phone code for the verified number (B72)."""
        ...

    async def send_subscribe_message(
        self, *, openid: str, template_id: str, page: str, data: Mapping[str, str]
    ) -> Delivery:
        """Send one subscription message (B73)."""
        ...


class OfficialAccount(Protocol):
    """What the Official Account says to its followers by itself. Never raises: the Delivery tells what became of it."""

    async def send_template_message(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None = None,
        url: str | None = None,
        message_id: str | None = None,
    ) -> Delivery:
        """Send a template message; a repetition with the same ``message_id`` is dropped for some minutes."""
        ...

    async def send_customer_text(self, *, openid: str, text: str) -> Delivery:
        """Write into the chat, within the time WeChat allows after the person did something there."""
        ...


class ChatDialogue(Protocol):
    """The chat's answers, for pushes that were kept to be answered later."""

    async def answer_kept(self, push: Mapping[str, Any]) -> str:
        """The words for a push, the same however often it is asked; empty for none."""
        ...


class SmsSender(Protocol):
    """A short-message provider; it drops a second message with the same ``message_id``."""

    async def send(self, *, phone: str, text: str, message_id: str) -> Delivery:
        """Send one message."""
        ...

    def read_reports(self, body: bytes, signature: str) -> tuple[ProviderReport, ...]:
        """What the provider tells of messages it took.

        Raises Refusal ``sms_report_unsigned``, ``sms_report_stale``, ``sms_report_malformed``.
        """
        ...


class SignerCheck(Protocol):
    """A certificate authority, or a platform's face check, for signers who can pass it (B70)."""

    async def prove(
        self, *, kind: SignerCheckKind, token: str, name: str, identity_number: str, letter_digest: str
    ) -> str:
        """The provider's id of the check this person passed, asked from server to server; repeatable for one letter.

        Raises Refusal ``signer_check_failed``, ``signer_check_unavailable``.
        """
        ...


class Puzzle(Protocol):
    """A challenge that costs a client some work, and needs nobody outside to check."""

    def pose(self, who: str, bits: int, expires_at: datetime) -> str:
        """A challenge for this caller; ``bits`` is how hard it is, each one more twice as hard."""
        ...

    def solved(self, who: str, challenge: str, key: str, answer: str, bits: int, now: datetime) -> bool:
        """Whether the answer solves a challenge of ours, for this caller and this request's key, in time."""
        ...


class JobQueue(Protocol):
    """A wake-up for the workers. The outbox in the database is the truth, so a lost wake-up is only a delay."""

    async def wake(self, job: str) -> None:
        """Ask for a job to run soon. Never raises: a queue that is down must not fail a citizen's request."""
        ...


class PassIssuer(Protocol):
    """Signs offline passes and encrypts them to stations. Computing, no waiting."""

    @property
    def trust(self) -> bytes:
        """PEM of every public key by which passes may be signed: the present one and retired ones."""
        ...

    def issue(self, claims: Mapping[int, Any], station: bytes) -> str:
        """The text of a pass with these claims, for the station with this public key (32 bytes)."""
        ...


class PassOpener(Protocol):
    """What a station opens passes with: its own keys and those of the issuers it trusts."""

    def open(self, body: str) -> Any:
        """The verified claims in the Base45 of a pass.

        Raises Refusal ``pass_damaged``, ``pass_other_station``, ``pass_issuer_unknown``, ``pass_forged``,
        ``pass_newer``.
        """
        ...


class UsedPasses(Protocol):
    """The list a station keeps of the passes it has taken."""

    def take(self, pass_id: bytes, at: datetime, expires_at: datetime) -> datetime | None:
        """Put a pass on the list; when it stood there already, since when, and nothing is changed."""
        ...


class OutcomeFeed(Protocol):
    """A folder where station systems drop signed batches. A name is a file's within it."""

    async def waiting(self) -> Sequence[str]:
        """The batches whose signature is there too, by name."""
        ...

    async def digest(self, name: str) -> str:
        """SHA-256 of the whole file, hexadecimal."""
        ...

    async def is_signed(self, name: str, digest: str, keys: Sequence[str]) -> bool:
        """Whether the signature beside the file is over this digest, by one of these public keys (PEM)."""
        ...

    def lines(self, name: str, start: int = 0) -> AsyncGenerator[FeedLine, None]:
        """The lines from a byte on, never more than a few in memory."""
        ...

    async def put_away(self, name: str, place: str, report: str) -> None:
        """Move a batch into the folder ``place`` and write the report for people beside it; nothing is overwritten."""
        ...


class SlipOpener(Protocol):
    """What return slips are read with. Computing, no waiting."""

    def key_id(self, text: str) -> str:
        """The key a slip names; nothing is proven yet. Raises Refusal ``return_slip_foreign``, ``…_damaged``."""
        ...

    def is_key(self, public_pem: str) -> bool:
        """Whether this is a public key that slips and files may be signed for."""
        ...

    def open(self, text: str, public_pem: str) -> Any:
        """The claims, once the signature is that key's. Raises Refusal ``return_slip_forged`` beside those."""
        ...


class Seal(Protocol):
    """The platform's seal over evidence and over letters (B53, B55). Computing, no waiting: files go to a thread."""

    @property
    def digests(self) -> Mapping[str, DigestAlgorithm]:
        """The digests evidence may be made with, by name."""
        ...

    @property
    def trust(self) -> bytes:
        """PEM of every certificate that may have sealed: the present one and retired ones."""
        ...

    def seal(self, data: bytes) -> bytes:
        """The seal over these bytes, ASCII."""
        ...

    def verify(self, data: bytes, seal: bytes) -> bool:
        """Whether a seal is ours and over these bytes; a bad seal is False, never an error."""
        ...

    def sign_pdf(self, pdf: bytes, *, reason: str, at: datetime) -> bytes:
        """The PDF with the platform's signature appended."""
        ...

    def verify_pdf(self, pdf: bytes) -> PdfVerdict:
        """What a letter's file is worth."""
        ...
