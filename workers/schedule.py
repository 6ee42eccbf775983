"""What runs, and when it runs without being asked: the table of jobs and the cron table, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from casework.deps import DELIVER_NOTICES, MAKE_LETTERS
from workers.jobs_deadlines import fill_due_days, warn_of_deadlines
from workers.jobs_letters import make_letters
from workers.jobs_notices import deliver_notices
from workers.retries import Job

WARN_OF_DEADLINES: Final = "warn_of_deadlines"
FILL_DUE_DAYS: Final = "fill_due_days"

JOBS: Final[Mapping[str, Job]] = {
    DELIVER_NOTICES: deliver_notices,
    MAKE_LETTERS: make_letters,
    WARN_OF_DEADLINES: warn_of_deadlines,
    FILL_DUE_DAYS: fill_due_days,
}


@dataclass(frozen=True)
class Sweep:
    """A job by the clock: at these seconds of these minutes (None: every one) of every hour, and at each start.

    Among many workers each tick is run by one of them. The run at the start replays whatever is owed, be it that a
    wake-up was lost with the last process or with Redis.
    """

    job: str
    seconds: frozenset[int]
    minutes: frozenset[int] | None = None


SCHEDULE: Final = (
    Sweep(DELIVER_NOTICES, seconds=frozenset(range(0, 60, 5))),
    Sweep(MAKE_LETTERS, seconds=frozenset(range(2, 60, 10))),
    Sweep(WARN_OF_DEADLINES, seconds=frozenset({20}), minutes=frozenset(range(0, 60, 10))),
    Sweep(FILL_DUE_DAYS, seconds=frozenset({40}), minutes=frozenset({5, 35})),
)
