"""Nightly: what changed between booking and visit, an age, a rule or a letter, is found and told (T10)."""

from datetime import date

from casework.deps import Deps, unit_of_work
from casework.explain_policy import answer
from casework.facts import facts_of, insist_allowed, question_of
from casework.owe import owe
from casework.take_place import plan_of
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, NoticeKind
from models.case import Case, happened
from models.slot import Booking, coming_bookings, set_plan
from templates.refusals import refusal_text
from templates.shown import when

_BATCH = 200
_SIGN_AGAIN = ("告知承诺书有更新，原来的签署不再对应", "请在小程序重新阅读并签署。")


async def recheck_visits(deps: Deps) -> int:
    """Ask the rules anew about every visit that lies ahead; returns how many persons were told of a change."""
    told, last_id = 0, 0
    while found := await coming_bookings(deps.clock.now(), last_id, _BATCH):
        for booking in found:
            told += await _recheck(deps, booking)
        last_id = found[-1].id
    return told


async def _recheck(deps: Deps, booking: Booking) -> int:
    case = booking.case
    if case.state is not CaseState.OPEN:
        return 0
    change = _refused(deps, case, day_of(booking.slot.starts_at)) or await _changed(deps, case, booking)
    if change is None:
        return 0
    word, what, todo = change
    plan = dict(booking.plan or {})
    if plan.get("told") == word:
        return 0
    async with unit_of_work(deps):
        await set_plan(booking.id, {**_plan_now(deps, case, booking), "told": word})
        await owe(
            deps, case, NoticeKind.VISIT_CHANGED, f"{booking.id}-{word}"[:30], time=when(booking.slot.starts_at),
            station=booking.slot.point.name, what=what, todo=todo,
        )  # fmt: skip
    return 1


def _refused(deps: Deps, case: Case, day: date) -> tuple[str, str, str] | None:
    """What now stands against the visit."""
    try:
        insist_allowed(deps, case, day)
    except Refusal as refusal:
        text = refusal_text(refusal.code, refusal.facts)
        return refusal.code, text.title, text.advice
    return None


async def _changed(deps: Deps, case: Case, booking: Booking) -> tuple[str, str, str] | None:
    """A letter to sign again, or another list of papers or persons than was told."""
    facts = await facts_of(deps, case)
    if facts.letter_standing == "to_sign" and await happened(case.id, CaseEventKind.LETTER_SIGNED):
        return "letter", *_SIGN_AGAIN
    before, now = booking.plan or {}, _plan_now(deps, case, booking)
    if before.get("bring") == now["bring"] and before.get("who") == now["who"]:
        return None
    bring = "、".join(map(str, now["bring"]))  # type: ignore[call-overload]
    return f"plan{deps.today():%m%d}", "需要携带的材料或者到场的人有调整", f"请带齐原件：{bring}。"


def _plan_now(deps: Deps, case: Case, booking: Booking) -> dict[str, object]:
    return plan_of(answer(deps, question_of(case, day_of(booking.slot.starts_at))))
