"""What the acts of temporary cards and certificates return; see ``casework.views``."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.terms import CaseState, CertificateWay, ServiceItem, TransmissionChannel, TransmissionPurpose


@dataclass(frozen=True)
class LinkedCase:
    """A case that hangs on this one, or that this one hangs on: a temporary card and the identity card (B20)."""

    number: str
    item: ServiceItem
    state: CaseState
    state_label: str


@dataclass(frozen=True)
class CertificateView:
    """What a household registration certificate is asked for, and how far it is. ``number`` once it is issued."""

    matters: tuple[str, ...]
    other: str
    number: str | None
    way: CertificateWay | None
    unit: str | None
    issued_at: datetime | None


@dataclass(frozen=True)
class TransmissionView:
    """Papers that went to the household station."""

    purpose: TransmissionPurpose
    channel: TransmissionChannel
    to_unit: str
    sent_at: datetime


@dataclass(frozen=True)
class VerifierView:
    """A transfer verification officer of the household place (R163). ``stale``: to be confirmed first (R184)."""

    place: str
    unit: str | None
    name: str
    phone: str
    stale: bool


@dataclass(frozen=True)
class CounterCertificate:
    """A certificate as the clerk sees it. ``content`` are the household station's words, or the three facts."""

    matters: tuple[str, ...]
    other: str
    on_the_spot: bool
    way: CertificateWay | None
    household_unit: str | None
    content: tuple[str, ...]
    number: str | None
    issued_at: datetime | None
    transmissions: tuple[TransmissionView, ...]
    officers: tuple[VerifierView, ...] = ()


@dataclass(frozen=True)
class CertificateVerification:
    """What anybody may know of a certificate by its number: never what it says."""

    number: str
    title: str
    name_masked: str
    identity_number_masked: str
    way: CertificateWay
    unit: str
    issued_on: date
