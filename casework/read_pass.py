"""Read an offline pass where there is no network and no database: at the station, with the station's own key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.ports import Clock, PassOpener, UsedPasses
from domain.offline_pass import TOLERANCE, OfflinePass, insist_in_time, pass_of
from domain.pass_text import join_text
from domain.refusal import Refusal


@dataclass(frozen=True)
class ReadingDesk:
    """What reading needs. ``tolerance``: how far this machine's clock may be off."""

    opener: PassOpener
    used: UsedPasses
    clock: Clock
    tolerance: timedelta = TOLERANCE


@dataclass(frozen=True)
class PassReading:
    """A pass that holds. ``read_before``: since when it stands on the list of used ones, None for the first time."""

    given: OfflinePass
    read_at: datetime
    read_before: datetime | None


def read_pass(desk: ReadingDesk, texts: Sequence[str], *, again: bool = False) -> PassReading:
    """Open the pass in everything that was scanned for it, and put it on the list of used ones.

    ``again`` shows one that stands there already. The pass proves nothing about who holds it (R076).

    Raises:
        Refusal: ``pass_too_long``, ``pass_foreign``, ``pass_is_code``, ``pass_parts_missing``, ``pass_parts_mixed``,
            ``pass_damaged``, ``pass_other_station``, ``pass_issuer_unknown``, ``pass_forged``, ``pass_newer``,
            ``pass_not_yet``, ``pass_expired``, ``pass_used``.
    """
    given = pass_of(desk.opener.open(join_text(texts)))
    now = desk.clock.now()
    insist_in_time(given, now, desk.tolerance)
    before = desk.used.take(given.id, now, given.expires_at)
    if before is not None and not again:
        raise Refusal("pass_used", at=before)
    return PassReading(given, now, before)
