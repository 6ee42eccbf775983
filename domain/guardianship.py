"""How guardianship is shown at the counter (R041, R044–R046); what a paper can't settle the officer does (D7)."""

from domain.division import Division
from domain.policy.rule import Rules, Value
from domain.terms import GuardianshipCase

_UNDECLARED = "undeclared"


def guardianship_rule(rules: Rules, case: GuardianshipCase | None, residence: Division) -> Value:
    """What a case asks for at a place, as codes of papers, the household booklet first. None: not declared yet."""
    return rules.need("guardianship", guardianship=case or _UNDECLARED, residence=residence)


def paper_key(case: GuardianshipCase | None) -> str:
    """How the rule ``paper`` is asked about a case."""
    return case or _UNDECLARED
