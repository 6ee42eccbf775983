"""People who don't exist: names nobody bears, fresh numbers in each run that pass every check."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]


@dataclass(frozen=True)
class Person:
    """One of them, registered in a household."""

    name: str
    number: str
    birth: date
    household: str
    household_address: str

    def declared(self) -> dict[str, object]:
        """As the person types it into the form."""
        return {
            "name": self.name,
            "identity_number": self.number,
            "household_division": self.household,
            "household_address": self.household_address,
            "collective_household": False,
        }


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def day_in_china(moment: datetime) -> date:
    """The calendar day people in China have then."""
    return moment.astimezone(SHANGHAI).date()


def today() -> date:
    """Today in China."""
    return day_in_china(now())


def make_person(name: str, age: int, household: str, household_address: str) -> Person:
    """Somebody who had that birthday about four months ago."""
    birth = date(today().year - age, today().month, 1) - timedelta(days=100 + secrets.randbelow(20))
    body = f"{household}{birth:%Y%m%d}{secrets.randbelow(1000):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    number = body + "0123456789X"[(12 - total) % 11]
    return Person(name, number, birth, household, household_address)


def make_phone() -> str:
    """A mainland mobile number."""
    return f"1{secrets.choice('3456789')}{_digits(9)}"


def make_acceptance_number(division: str) -> str:
    """22 digits, as the population system gives them (R143)."""
    return f"{division}{today():%Y%m%d}{_digits(8)}"


def make_slip_number() -> str:
    """The number on the collection slip (R145)."""
    return f"HZ{_digits(10)}"


def make_waybill() -> str:
    """The number on a letter."""
    return f"XA{_digits(9)}CN"


def age_on(birth: date, day: date) -> int:
    """Full years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _digits(count: int) -> str:
    return f"{secrets.randbelow(10**count):0{count}d}"
