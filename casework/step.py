"""Move a case and write what happened: the middle beats of every act."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.deps import Deps
from casework.keep_clocks import turn_clocks
from domain.lifecycle import ENDED, MOVING, next_state
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, ServiceItem
from models.case import Case, move_case, write_event


@dataclass(frozen=True)
class Said:
    """Who said that it happened, and when. ``report_id`` makes a system's report count once."""

    actor: str
    at: datetime
    unit: str | None = None
    reporter_id: int | None = None
    report_id: str | None = None


async def take_step(
    deps: Deps,
    case: Case,
    kind: CaseEventKind,
    said: Said,
    *,
    facts: dict[str, Any] | None = None,
    words: dict[str, Any] | None = None,
    **columns: Any,
) -> None:
    """Move the case along the lifecycle table if the event moves it, append the event, and turn the clocks, in the
    running transaction.

    ``facts`` are codes and days; what somebody wrote freely goes into ``words``, which are sealed. ``columns`` are
    written in the same conditional UPDATE. The rule day and the moment stay in the event, so that
    any verdict can be replayed.

    Raises:
        Refusal: ``step_out_of_order`` when the table has no such edge, or somebody moved the case first.
    """
    before = case.state
    after = next_state(case.item, before, kind) if kind in MOVING else before
    now = deps.clock.now()
    if after in ENDED:
        columns["ended_at"] = now
    if not await move_case(case, after, **columns):
        raise Refusal("step_out_of_order", source="R037", state=before.value, step=kind.value)
    case.state = after
    await write_event(
        case.id,
        kind=kind,
        from_state=before,
        to_state=after,
        at=said.at,
        recorded_at=now,
        rule_day=day_of(said.at),
        actor=said.actor,
        unit=said.unit,
        reporter_id=said.reporter_id,
        report_id=said.report_id,
        facts=facts or {},
        words=words,
    )
    await turn_clocks(deps, case, kind, said.at, said.unit)


def insist_open(case: Case) -> None:
    """Before the counter only an open case may be worked on. Raises ``case_not_open`` or ``case_already_ended``."""
    if case.state is CaseState.OPEN:
        return
    code = "case_already_ended" if case.state in ENDED else "case_not_open"
    raise Refusal(code, number=case.number, state=case.state)


def insist_item(case: Case, *items: ServiceItem) -> None:
    """An act of one service is no act on another's case. Raises ``step_out_of_order``."""
    if case.item not in items:
        raise Refusal("step_out_of_order", source="R037", state=case.state.value, step=case.item.value)
