"""Everything an act is given. Wired once, in ``run.py``; tests wire through the same function."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date

import structlog

from casework.ports import (
    ChatDialogue,
    Clock,
    JobQueue,
    MiniProgram,
    OfficialAccount,
    OutcomeFeed,
    PassIssuer,
    Puzzle,
    Random,
    Seal,
    SignerCheck,
    SlipOpener,
    SmsSender,
)
from casework.settings import Settings
from domain.calendar import WorkCalendar
from domain.local_time import day_of
from domain.policy.rule import Rulebook
from domain.refusal import Refusal
from models.connect import UNAVAILABLE
from models.store import transaction

DELIVER_NOTICES = "deliver_notices"
MAKE_LETTERS = "make_letters"
ANSWER_LATE = "answer_late"
log = structlog.get_logger()


@dataclass(frozen=True)
class Deps:
    """The acts' surroundings: settings, the clock, the law, the calendar, and the ports.

    Without a ``puzzle`` no booking goes through where one is asked for; without a ``signer_check`` signers are
    proven by login and phone alone; without an ``official_account`` nothing is said to its followers unasked;
    without a ``pass_issuer`` no offline pass is offered; without ``feed`` and ``slips`` neither files nor
    return slips are taken. ``dialogue``: for
    workers, who answer what the chat's door could not answer in time. ``codes_in`` reads the QR codes of a picture.
    """

    settings: Settings
    clock: Clock
    random: Random
    rulebook: Rulebook
    mini_program: MiniProgram
    sms: SmsSender
    queue: JobQueue
    seal: Seal
    puzzle: Puzzle | None = None
    signer_check: SignerCheck | None = None
    codes_in: Callable[[bytes], tuple[str, ...]] | None = None
    official_account: OfficialAccount | None = None
    pass_issuer: PassIssuer | None = None
    dialogue: ChatDialogue | None = None
    feed: OutcomeFeed | None = None
    slips: SlipOpener | None = None

    @property
    def calendar(self) -> WorkCalendar:
        """The working days that clocks count with."""
        return self.rulebook.calendar

    def today(self) -> date:
        """The calendar day in Shanghai."""
        return day_of(self.clock.now())


@asynccontextmanager
async def unit_of_work(deps: Deps) -> AsyncIterator[None]:
    """One transaction: all or nothing; afterwards the postman is woken."""
    with database_expected():
        async with transaction():
            yield
    await deps.queue.wake(DELIVER_NOTICES)


@contextmanager
def database_expected() -> Iterator[None]:
    """A database that is away, locked or overloaded is told as a refusal to try again soon, not as our mistake.

    Raises:
        Refusal: ``service_unavailable``.
    """
    try:
        yield
    except UNAVAILABLE as trouble:
        log.error("database_unavailable", trouble=type(trouble).__name__)  # noqa: TRY400 – its text may quote a person
        raise Refusal("service_unavailable") from None
