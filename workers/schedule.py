"""What runs, and when it runs without being asked: the table of jobs and the cron table, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from casework.deps import ANSWER_LATE, DELIVER_NOTICES, MAKE_LETTERS
from workers.jobs_bookings import count_no_shows, recheck_visits, tend_places
from workers.jobs_chat import answer_late, tidy_talks
from workers.jobs_deadlines import fill_due_days, remind_and_lapse, warn_of_deadlines
from workers.jobs_letters import make_letters
from workers.jobs_notices import deliver_notices, open_reach_tasks, remind_due
from workers.jobs_outcomes import take_feed
from workers.retries import JOB_SECONDS, Job

WARN_OF_DEADLINES: Final = "warn_of_deadlines"
FILL_DUE_DAYS: Final = "fill_due_days"
REMIND_AND_LAPSE: Final = "remind_and_lapse"
TEND_PLACES: Final = "tend_places"
COUNT_NO_SHOWS: Final = "count_no_shows"
RECHECK_VISITS: Final = "recheck_visits"
TAKE_FEED: Final = "take_feed"
REMIND_DUE: Final = "remind_due"
OPEN_REACH_TASKS: Final = "open_reach_tasks"
DAY_IN_CHINA: Final = frozenset(range(1, 11))
TIDY_TALKS: Final = "tidy_talks"

JOBS: Final[Mapping[str, Job]] = {
    DELIVER_NOTICES: deliver_notices,
    MAKE_LETTERS: make_letters,
    WARN_OF_DEADLINES: warn_of_deadlines,
    FILL_DUE_DAYS: fill_due_days,
    REMIND_AND_LAPSE: remind_and_lapse,
    TEND_PLACES: tend_places,
    COUNT_NO_SHOWS: count_no_shows,
    RECHECK_VISITS: recheck_visits,
    TAKE_FEED: take_feed,
    REMIND_DUE: remind_due,
    OPEN_REACH_TASKS: open_reach_tasks,
    ANSWER_LATE: answer_late,
    TIDY_TALKS: tidy_talks,
}


@dataclass(frozen=True)
class Sweep:
    """A job by the clock: at these seconds of these minutes (None: every one) of these hours (UTC), and at each start.

    Among many workers each tick is run by one of them, for ``allowed`` seconds at most. The run at the start replays
    whatever is owed, be it that a wake-up was lost with the last process or with Redis.
    """

    job: str
    seconds: frozenset[int]
    minutes: frozenset[int] | None = None
    hours: frozenset[int] | None = None
    allowed: float = JOB_SECONDS


SCHEDULE: Final = (
    Sweep(DELIVER_NOTICES, seconds=frozenset(range(0, 60, 5))),
    Sweep(MAKE_LETTERS, seconds=frozenset(range(2, 60, 10))),
    Sweep(ANSWER_LATE, seconds=frozenset(range(4, 60, 10))),
    Sweep(TIDY_TALKS, seconds=frozenset({25}), minutes=frozenset({12, 42})),
    Sweep(WARN_OF_DEADLINES, seconds=frozenset({20}), minutes=frozenset(range(0, 60, 10))),
    Sweep(FILL_DUE_DAYS, seconds=frozenset({40}), minutes=frozenset({5, 35})),
    Sweep(
        REMIND_AND_LAPSE, seconds=frozenset({25}), minutes=frozenset({30}), hours=frozenset({0}), allowed=1800.0
    ),  # 08:30 in China
    Sweep(TAKE_FEED, seconds=frozenset(range(4, 60, 10))),
    Sweep(TEND_PLACES, seconds=frozenset({10, 30, 50})),
    Sweep(COUNT_NO_SHOWS, seconds=frozenset({15}), minutes=frozenset(range(3, 60, 10))),
    Sweep(
        RECHECK_VISITS, seconds=frozenset({5}), minutes=frozenset({20}), hours=frozenset({18}), allowed=1800.0
    ),  # 02:20 in China
    Sweep(OPEN_REACH_TASKS, seconds=frozenset({45}), minutes=frozenset(range(1, 60, 5))),
    Sweep(REMIND_DUE, seconds=frozenset({25}), minutes=frozenset({5, 35}), hours=DAY_IN_CHINA),
)
