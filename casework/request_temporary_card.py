"""A temporary card asked for beside the identity card: in one pre-registration with it, or later (B20–B22)."""

from dataclasses import replace
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps
from casework.draw_number import draw_case_number
from casework.explain_policy import answer
from casework.facts import question_of
from casework.owe import owe
from casework.repeat import once
from casework.step import Said, take_step
from casework.track import case_view, own_case_to_change
from casework.views import CaseView
from domain.refusal import Refusal
from domain.temporary_card import check_need, insist_may_be_asked, temporary_card_rule
from domain.terms import CaseEventKind, CaseState, DeliveryMode, NoticeKind, ServiceItem
from models.case import Case, dependants_of, live_case_number, make_case, set_case_columns


async def request_temporary_card(
    deps: Deps, citizen: Citizen, number: str, need: str, key: str, delivery: DeliveryMode = DeliveryMode.STATION
) -> CaseView:
    """Ask for a temporary card beside the identity card's case of that number; the view of the new case.

    Before the counter it goes along with the identity card; later it has a visit of its own, at the same station. It is
    handed over there: one station only was seen to post it, for a fee of its own (B21).

    Raises:
        Refusal: ``case_not_found``, ``temporary_card_needs_parent``, ``temporary_card_not_offered``,
            ``temporary_card_too_late``, ``temporary_card_after_acceptance``, ``temporary_card_asked_already``,
            ``urgent_need_required``, ``urgent_need_too_long``, ``temporary_card_by_post``.
    """
    if delivery is DeliveryMode.POST:
        raise Refusal("temporary_card_by_post", source="B21")

    async def do() -> CaseView:
        parent = await own_case_to_change(deps, citizen, number)
        made = await attach_temporary_card(deps, citizen, parent, need)
        if parent.state is not CaseState.OPEN:
            await owe(deps, made, NoticeKind.CASE_OPENED, "once")
        return await case_view(deps, made)

    body = {"number": number, "need": need}
    return await once(deps, citizen, key, act="request_temporary_card", body=body, view=CaseView, do=do)


async def attach_temporary_card(deps: Deps, citizen: Citizen, parent: Case, need: str) -> Case:
    """Make the case that hangs on the identity card's, in the running transaction. Raises as the act above."""
    if parent.item is not ServiceItem.ID_CARD_FIRST_APPLICATION:
        raise Refusal("temporary_card_needs_parent", source="B21")
    stated = check_need(need)
    today = deps.today()
    asked = replace(question_of(parent, today), item=ServiceItem.TEMPORARY_ID_CARD)
    if not (verdict := answer(deps, asked).verdict).allowed:
        raise Refusal("temporary_card_not_offered", source=verdict.reasons[0].source)
    insist_may_be_asked(temporary_card_rule(deps.rulebook.on(today), asked.residence), parent.state)
    if await live_case_number(parent.applicant_index, asked.item) is not None:
        raise Refusal("temporary_card_asked_already", source="B20")
    made = await make_case(
        number=draw_case_number(deps),
        **{column: getattr(parent, column) for column in _SHARED},
        item=asked.item,
        state=CaseState.OPEN,
        delivery=DeliveryMode.STATION,
        form={**parent.form, "urgent_need": stated, "post_to": None},
        rule_day=today,
        opened_at=deps.clock.now(),
        parent_id=parent.id,
    )
    if made is None:  # somebody asked at the same moment, or a number was drawn twice
        raise Refusal("temporary_card_asked_already", source="B20")
    said = Said(citizen.actor, made.opened_at)
    await take_step(deps, made, CaseEventKind.OPENED, said, facts={"item": made.item, "parent": parent.number})
    await take_step(deps, parent, CaseEventKind.TEMPORARY_CARD_ASKED, said)
    return made


async def correct_along(parent: Case, changed: dict[str, Any]) -> None:
    """What is corrected in the identity card's case before the counter holds for what hangs on it."""
    for case in await dependants_of(parent.id):
        if case.state is CaseState.OPEN:
            await set_case_columns(case.id, form={**case.form, **changed})


_SHARED = (
    "account_id", "applicant_id", "applicant_index", "scope", "is_minor", "household_division", "residence_division",
)  # fmt: skip
