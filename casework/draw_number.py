"""Numbers people read aloud, drawn at random: nobody finds another's paper by counting on."""

from casework.deps import Deps
from domain import case_number, letter_number


def draw_case_number(deps: Deps) -> str:
    """The number of a new case."""
    return case_number.make_case_number(deps.today(), _drawn(deps, case_number.HIGHEST))


def draw_certificate_number(deps: Deps) -> str:
    """The number of a new certificate."""
    return letter_number.make_certificate_number(deps.today(), _drawn(deps, letter_number.HIGHEST))


def _drawn(deps: Deps, highest: int) -> int:
    return int.from_bytes(deps.random.token(8), "big") % (highest + 1)
