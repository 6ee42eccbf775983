"""The household registration certificate (户籍事项证明): what it may say, and by which way (R169–R172, B43)."""

import unicodedata
from collections.abc import Collection, Iterable

from domain.policy.rule import Rules
from domain.refusal import Refusal
from domain.terms import CertificateMatter, CertificateWay, ServiceItem

LONGEST_OTHER = 200
LONGEST_CONTENT = 600  # one page of form 1, with its note and the room for the seal
_ITEM = ServiceItem.HOUSEHOLD_CERTIFICATE


def certifiable(rules: Rules, way: CertificateWay) -> tuple[CertificateMatter, ...]:
    """What a certificate of that way may say, in the order of the source."""
    return tuple(map(CertificateMatter, rules.need("certifiable", item=_ITEM, way=way).texts("matters")))


def check_matters(rules: Rules, chosen: Collection[CertificateMatter], other: str) -> tuple[str, str]:
    """What is asked for, in the order of the rule and joined by commas, and the free words, cleaned.

    Raises:
        Refusal: ``certificate_matter_required`` when nothing is asked for; ``certificate_matter_too_long``.
    """
    words = one_line(other)
    if len(words) > LONGEST_OTHER:
        raise Refusal("certificate_matter_too_long", source="R170", most=LONGEST_OTHER)
    offered = certifiable(rules, CertificateWay.BY_OFFICER)
    known = [matter for matter in offered if matter in chosen]
    if not known and not words:
        raise Refusal("certificate_matter_required", source="R170")
    return ",".join(known), words


def fits_on_the_spot(rules: Rules, chosen: Iterable[CertificateMatter], other: str) -> bool:
    """Whether the three facts of form 2 answer what is asked for (R172)."""
    return not other and set(chosen) <= set(certifiable(rules, CertificateWay.ON_THE_SPOT))


def check_content(text: str) -> str:
    """The words of the household station, as they were given: only blanks at the ends and unseen characters go.

    Raises:
        Refusal: ``certificate_content_required``, ``certificate_content_too_long`` (R165, R167).
    """
    lines = [one_line(line) for line in unicodedata.normalize("NFC", text).splitlines()]
    content = "\n".join(line for line in lines if line)
    if not content:
        raise Refusal("certificate_content_required", source="R165")
    if len(content) > LONGEST_CONTENT:
        raise Refusal("certificate_content_too_long", source="R165", most=LONGEST_CONTENT)
    return content


def one_line(text: str) -> str:
    """Text as one line, without characters nobody can see."""
    seen = (" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in seen if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"}).split())
