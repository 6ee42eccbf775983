"""The rule values of booking and of missed visits, as numbers of this house (D18: off unless a value says so)."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from casework.deps import Deps
from domain.division import find_division
from domain.no_show import NoShowRule, months
from domain.policy.rule import Rulebook
from domain.terms import ServiceItem
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
    rules = deps.rulebook.on(deps.today())
    value = rules.need("booking", item=case.item, residence=find_division(case.residence_division))
    return BookingRule(
        hold=timedelta(minutes=value.number("hold_minutes")),
        holds_per_hour=value.number("holds_per_hour"),
        offer=timedelta(minutes=value.number("offer_minutes")),
        displaced_offer=timedelta(minutes=value.number("displaced_offer_minutes")),
        silences=value.number("silences"),
    )


def no_show_rule(deps: Deps, case: Case) -> NoShowRule:
    """The value in force today where the person lives."""
    return _no_show(deps.rulebook, deps.today(), case.item, case.residence_division)


@lru_cache(1024)  # asked for every booking, and the same for a county until midnight
def _no_show(rulebook: Rulebook, day: date, item: ServiceItem, residence: str) -> NoShowRule:
    value = rulebook.on(day).need("no_show", item=item, residence=find_division(residence))
    return NoShowRule(
        grace=timedelta(minutes=value.number("grace_minutes")),
        counted=months(value.number("months")),
        strikes=value.maybe_number("strikes"),
        blocked=timedelta(days=value.number("block_days")),
        weekly_cap=value.maybe_number("weekly_cap"),
    )
