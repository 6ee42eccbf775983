"""The temporary identity card: how it hangs on the application for the identity card (B20–B22)."""

from dataclasses import dataclass

from domain.certificate import one_line
from domain.division import Division
from domain.policy.rule import Rules
from domain.refusal import Refusal
from domain.terms import CaseState

LONGEST_NEED = 200
_NOT_PRODUCED = frozenset(
    {CaseState.OPEN, CaseState.ACCEPTED, CaseState.UNDER_REVIEW, CaseState.ISSUED, CaseState.IN_PRODUCTION}
)
ALREADY_ISSUED = frozenset({CaseState.ISSUED, CaseState.IN_PRODUCTION, CaseState.DISPATCHED, CaseState.ARRIVED})
"""States of the identity card's case in which the household place has issued it."""


@dataclass(frozen=True)
class TemporaryCardRule:
    """The rule of a place: see ``policy/rules/temporary_card.yaml``. ``source`` says how sure it is."""

    with_id_card: bool
    same_station: bool
    after_issue: bool
    source: str


def temporary_card_rule(rules: Rules, residence: Division) -> TemporaryCardRule:
    """How the place of acceptance does it."""
    value = rules.need("temporary_card", residence=residence)
    return TemporaryCardRule(
        with_id_card=value.flag("with_id_card"),
        same_station=value.flag("same_station"),
        after_issue=value.flag("after_issue"),
        source=value.cite_at(residence),
    )


def insist_may_be_asked(rule: TemporaryCardRule, parent: CaseState) -> None:
    """The identity card must be applied for and not made yet (B20).

    Raises:
        Refusal: ``temporary_card_after_acceptance`` where it can't be asked for before; ``temporary_card_too_late``.
    """
    if parent not in _NOT_PRODUCED:
        raise Refusal("temporary_card_too_late", source=rule.source)
    if parent is CaseState.OPEN and not rule.with_id_card:
        raise Refusal("temporary_card_after_acceptance", source=rule.source)


def check_need(text: str) -> str:
    """The urgent need, in the person's own words (B20). Raises ``urgent_need_required``, ``urgent_need_too_long``."""
    need = one_line(text)
    if not need:
        raise Refusal("urgent_need_required", source="B20")
    if len(need) > LONGEST_NEED:
        raise Refusal("urgent_need_too_long", source="B20", most=LONGEST_NEED)
    return need
