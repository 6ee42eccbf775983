"""One seal for every test that joins the rooms: made once, valid whenever a test's clock stands."""

from datetime import UTC, datetime
from functools import cache

from gateways.seal import PlatformSeal, make_self_signed

_MADE = datetime(2021, 1, 2, tzinfo=UTC)
_PASSWORD = b"of the test"


@cache
def a_seal() -> PlatformSeal:
    """A self-signed seal of 2021, good for ten years."""
    file, _ = make_self_signed("Seal of the tests", lambda: _MADE, password=_PASSWORD)
    return PlatformSeal.open(file, _PASSWORD)
