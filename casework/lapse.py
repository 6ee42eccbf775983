"""An application nobody goes on with lapses (T20): told ahead, then ended, so that it no longer stands in the way."""

from datetime import timedelta
from functools import partial

from casework.book import give_up_place
from casework.deps import Deps, unit_of_work
from casework.facts import rides_along
from casework.make_temporary_card import void_dependants
from casework.owe import notice_key, owe
from casework.repeat import unhindered
from casework.step import Said, take_step
from domain.local_time import day_of
from domain.terms import CaseEventKind, CaseState, NoticeKind
from models.case import Case, find_case_by_id, lock_case
from models.handoff import revoke_codes
from models.notice import notices_with
from models.slot import idle_cases, is_idle
from templates.shown import day as day_text

SYSTEM = "system"
_BATCH = 200


async def lapse_idle(deps: Deps) -> int:
    """Tell of, or end, every application before the counter that lay idle for long; returns how many were.

    Nobody's application lapses untold: the word comes first, and the days of the rule pass after it. Whatever happens
    to the application in between, or a visit that is booked, begins the count anew.
    """
    done, last = 0, 0
    value = deps.rulebook.on(deps.today()).need("idle")
    warn_after = timedelta(days=value.number("days") - value.number("warn_days"))
    while ids := await idle_cases(deps.clock.now() - warn_after, last, _BATCH):
        last = ids[-1]
        for case_id in ids:
            done += await unhindered(partial(_tend, deps, case_id, warn_after))
    return done


async def _tend(deps: Deps, case_id: int, warn_after: timedelta) -> bool:
    async with unit_of_work(deps):
        found = await find_case_by_id(case_id)
        await lock_case(found.number)
        case = await find_case_by_id(case_id)
        if case.state is not CaseState.OPEN or not await is_idle(case_id, deps.clock.now() - warn_after):
            return False
        if await rides_along(case):
            return False  # it waits for the visit of the identity card's case, and ends with that
        return await _tell_or_end(deps, case)


async def _tell_or_end(deps: Deps, case: Case) -> bool:
    value = deps.rulebook.on(deps.today()).need("idle")
    told = await notices_with(notice_key(case, NoticeKind.CASE_LAPSING, f"{case.last_seq}:"))
    if not told:
        last_day = deps.today() + timedelta(days=value.number("warn_days"))
        return await owe(deps, case, NoticeKind.CASE_LAPSING, str(case.last_seq), due=day_text(last_day))
    if deps.today() <= day_of(told[0].owed_at) + timedelta(days=value.number("warn_days")):
        return False
    now = deps.clock.now()
    await give_up_place(deps, case, "cancelled")
    await revoke_codes(case.id, now)
    said = Said(SYSTEM, now)
    await take_step(deps, case, CaseEventKind.LAPSED, said)
    await void_dependants(deps, case, said)
    return await owe(deps, case, NoticeKind.CASE_LAPSED, "once")
