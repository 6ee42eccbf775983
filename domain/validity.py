"""How long a card is valid: by full age on the day of issue (居民身份证法 Art. 5, B02, B03)."""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.applicant import age_on, birthday_in
from domain.policy.rule import Rules, Value
from domain.terms import ServiceItem


@dataclass(frozen=True)
class Validity:
    """``until`` None is 长期 for an ID card. ``words`` is how the card and the law say it (R141)."""

    issued_on: date
    until: date | None
    years: int | None
    months: int | None
    words: str
    source: str


def expected_validity(rules: Rules, item: ServiceItem, birth: date, issued_on: date) -> Validity | None:
    """The validity of a card issued on a day; None for items that have none."""
    value = _band(rules, item, age_on(birth, issued_on))
    if value is None:
        return None
    years, months = value.maybe_number("years"), value.maybe_number("months")
    return Validity(issued_on, _end(issued_on, years, months), years, months, value.text("words"), value.cite)


def _band(rules: Rules, item: ServiceItem, age: int) -> Value | None:
    for band in BANDS:
        value = rules.find("validity", item=item, band=band)
        if value is not None and _holds(value, age):
            return value
    return None


def _holds(value: Value, age: int) -> bool:
    below = value.maybe_number("below")
    return value.number("at_least") <= max(age, 0) and (below is None or max(age, 0) < below)


def _end(issued_on: date, years: int | None, months: int | None) -> date | None:
    """The same day years or months later; a day the end month lacks becomes the first of the next month (B03)."""
    if years is not None:
        return birthday_in(issued_on, issued_on.year + years)
    return add_months(issued_on, months) if months is not None else None


def add_months(day: date, months: int) -> date:
    """The corresponding day some months later, or the first of the following month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    same_day = first + timedelta(days=day.day - 1)
    return same_day if same_day.month == first.month else (first + timedelta(days=31)).replace(day=1)


BANDS = ("under_16", "from_16_to_25", "from_26_to_45", "from_46", "any_age")
