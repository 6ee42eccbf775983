"""The rule values of booking and of missed visits, as numbers of this house (D18: off unless a value says so)."""

from dataclasses import dataclass
from datetime import timedelta

from casework.deps import Deps
from domain.division import find_division
from domain.no_show import NoShowRule, months
from domain.policy.rule import Value
from models.case import Case


@dataclass(frozen=True)
class BookingRule:
    """How long a place is held or offered, and how often one may ask."""

    hold: timedelta
    holds_per_hour: int
    offer: timedelta
    displaced_offer: timedelta
    silences: int


def booking_rule(deps: Deps, case: Case) -> BookingRule:
    """The value in force today where the person lives."""
    value = _value(deps, "booking", case)
    return BookingRule(
        hold=timedelta(minutes=value.number("hold_minutes")),
        holds_per_hour=value.number("holds_per_hour"),
        offer=timedelta(minutes=value.number("offer_minutes")),
        displaced_offer=timedelta(minutes=value.number("displaced_offer_minutes")),
        silences=value.number("silences"),
    )


def no_show_rule(deps: Deps, case: Case) -> NoShowRule:
    """The value in force today where the person lives."""
    value = _value(deps, "no_show", case)
    return NoShowRule(
        grace=timedelta(minutes=value.number("grace_minutes")),
        counted=months(value.number("months")),
        strikes=value.maybe_number("strikes"),
        blocked=timedelta(days=value.number("block_days")),
        weekly_cap=value.maybe_number("weekly_cap"),
    )


def _value(deps: Deps, name: str, case: Case) -> Value:
    rules = deps.rulebook.on(deps.today())
    return rules.need(name, item=case.item, residence=find_division(case.residence_division))
