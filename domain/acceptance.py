"""What a clerk does before an application is accepted, and hands over after it was decided: codes the rules name."""

from collections.abc import Collection
from dataclasses import dataclass

from domain.policy.rule import Rules
from domain.question import OVER_16, UNDER_16
from domain.terms import ServiceItem

CHECKS = (
    "guardian_present",
    "same_frame_photo",
    "face_check_done",
    "compared",
    "urgency_heard",
    "identity_checked",
    "conditions_checked",
    "service_chosen",
)
"""Every face-to-face check a rule may name."""


@dataclass(frozen=True)
class AcceptanceRule:
    """Face-to-face checks in the order of the source, and which numbers of the population system come with it.

    ``acceptance_number`` is the 受理号 (R143), ``slip_number`` that of the 领证回执 (R145).
    """

    checks: tuple[str, ...]
    acceptance_number: bool
    slip_number: bool
    source: str


def acceptance_rule(rules: Rules, item: ServiceItem, *, is_minor: bool) -> AcceptanceRule:
    """The rule of an item (R070–R073, R161–R162, B20)."""
    value = rules.need("counter", item=item, age=UNDER_16 if is_minor else OVER_16)
    return AcceptanceRule(
        checks=value.texts("checks"),
        acceptance_number=value.flag("acceptance_number"),
        slip_number=value.flag("slip_number"),
        source=value.cite,
    )


def handover_checks(rules: Rules, item: ServiceItem) -> tuple[str, ...]:
    """What is verified when a temporary card or a certificate is handed over (B20, B21, R167)."""
    return rules.need("handover", item=item).texts("checks")


def handover_source(rules: Rules, item: ServiceItem) -> str:
    """Where that stands."""
    return rules.need("handover", item=item).cite


def unticked(wanted: Collection[str], ticked: Collection[str]) -> tuple[str, ...]:
    """What was not ticked, in the order it is wanted."""
    return tuple(check for check in wanted if check not in ticked)
