"""What a clerk at the station reads about a batch: the file that is written beside it, and no person stands in it."""

from datetime import datetime

from domain.refusal import Refusal
from domain.terms import SetAsideStatus
from models.feed import FeedBatch, count_set_aside, set_aside_of
from templates.feed_report import ReportedLine, batch_text, refused_text

LINES_SHOWN = 1000
MAY_GO_IN_LATER = ("step_out_of_order", "case_not_found", "acceptance_number_differs")
"""Why a line is set aside that may still go in: another event comes, or a clerk corrects a number."""


async def report_of_batch(batch: FeedBatch, made_at: datetime, announced: int, now: datetime) -> str:
    """The report of a batch that was read: how many lines went in, and of each other one why it did not."""
    aside = await set_aside_of(batch.id, LINES_SHOWN)
    waiting = [one for one in aside if one.status is SetAsideStatus.OPEN]
    open_ones = [ReportedLine(one.line, one.code, one.facts, one.code in MAY_GO_IN_LATER) for one in waiting]
    return batch_text(
        batch=batch.number or "", made_at=made_at, now=now, announced=announced, found=batch.lines,
        taken=batch.taken + len(aside) - len(open_ones), known=batch.known, lines=open_ones,
        hidden=await count_set_aside(batch.id) - len(aside), stopped=batch.code,
    )  # fmt: skip


def report_of_refused(name: str, refusal: Refusal, now: datetime) -> str:
    """The report of a file that was refused whole."""
    return refused_text(name=name, code=refusal.code, facts=refusal.facts, now=now)
