"""One case at the counter: the page, and the acts on it. Each act is one form, and ends in a redirect or a reason."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from casework import accept as acceptance
from casework import approve
from casework.callers import Officer
from casework.check_in import check_in as check_person_in
from casework.correct_acceptance import correct_acceptance_number
from casework.counter_views import CounterCase
from casework.read_letter import letter_at_counter
from casework.register_arrival import register_arrival as arrive
from casework.release_card import ReleaseAct, release_card
from casework.release_card import record_check as record
from casework.serve import read_case
from casework.state_presence import state_presence as state
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, case_page, refused, see_other
from counter.proving import proven
from domain.acceptance import CHECKS
from domain.case_number import check_case_number
from domain.refusal import Refusal
from domain.terms import ApprovalKind, CardReturn, CollectorKind, FingerprintOutcome, Kinship, Present, SignatureMethod

DIFFERENCES = (
    "name", "identity_number", "sex", "birth_date", "household_address", "residence_address", "phone",
    "guardian_name", "guardian_identity_number",
)  # fmt: skip


async def show(request: web.Request, officer: Officer) -> web.Response:
    """The pre-filled case beside its checklist."""
    case = await read_case(request.app[DEPS], officer, number_of(request))
    return case_page(officer, case, done=request.query.get("done", ""))


async def show_letter(request: web.Request, officer: Officer) -> web.Response:
    """The signed letter as a sealed PDF, for the case's own counter; the reading is on record."""
    pdf = await letter_at_counter(request.app[DEPS], officer, number_of(request))
    headers = {"Content-Disposition": 'inline; filename="letter.pdf"', "Content-Security-Policy": "default-src 'none'"}
    return web.Response(body=pdf, content_type="application/pdf", headers=headers)


async def state_presence(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The clerk's word on who stands there opens the whole pre-fill (T13)."""

    async def act(number: str) -> CounterCase:
        return await state(request.app[DEPS], officer, number, form.choice("who", "到场的人", Present))

    return await perform(request, officer, form, "presence", act)


async def check_in(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """A visit without a code: the phone is dead, or the letter will be signed on paper (R061)."""

    async def act(number: str) -> CounterCase:
        reason = form.text("reason", "没有出示二维码的原因", 100)
        return await check_person_in(request.app[DEPS], officer, number, reason)

    return await perform(request, officer, form, "check_in", act, done="scan")


async def ask_approval(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """What a supervisor has to say yes to: undoing a wrong scan, or reading a minor's data."""
    kind = form.choice("kind", "申请事项", ApprovalKind)

    async def act(number: str) -> CounterCase:
        deps = request.app[DEPS]
        await approve.ask(deps, officer, number, kind, form.text("reason", "原因", 200))
        return await read_case(deps, officer, number)

    return await perform(request, officer, form, f"ask_{kind}", act, done="asked")


async def confirm_letter(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The letter confirmed face to face, or signed on paper here (D1, D8). What was typed for the acceptance stays."""
    number, deps, typed = number_of(request), request.app[DEPS], Typed("acceptance", form)
    try:
        await acceptance.confirm_letter(deps, officer, number, form.choice("method", "确认方式", SignatureMethod))
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        case = await read_case(deps, officer, number)
        return case_page(officer, case, problem=problem, typed=typed, status=status)
    return case_page(officer, await read_case(deps, officer, number), typed=typed, done="letter")


async def accept(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The officer accepted in the population system; its numbers come back here (R072, R143)."""

    async def act(number: str) -> CounterCase:
        return await acceptance.accept(request.app[DEPS], officer, number, _acceptance(form))

    return await perform(request, officer, form, "acceptance", act)


async def correct_number(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """A mistyped acceptance number put right (R143); every later report hangs on it, so who is there is asked again."""

    async def act(number: str) -> CounterCase:
        right = form.text("acceptance_number", "受理号", 60)
        reason = form.text("reason", "更正的原因", 200)
        sure = await proven(request, officer, form)
        return await correct_acceptance_number(request.app[DEPS], sure, number, acceptance_number=right, reason=reason)

    return await perform(request, officer, form, "correction", act)


async def decline(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Not accepted, with the reason (T17)."""

    async def act(number: str) -> CounterCase:
        reason = form.choice("reason", "不予受理的原因", acceptance.DeclineReason)
        note = form.maybe("note", "说明", 200) or ""
        return await acceptance.decline(request.app[DEPS], officer, number, reason, note)

    return await perform(request, officer, form, "decline", act)


async def list_supplements(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """What is still missing, told once and in full (B10)."""

    async def act(number: str) -> CounterCase:
        items = form.lines("items", "需补充的材料", longest=60)
        return await acceptance.list_supplements(request.app[DEPS], officer, number, items)

    return await perform(request, officer, form, "supplements", act)


async def register_arrival(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The card came in (R117)."""

    async def act(number: str) -> CounterCase:
        return await arrive(request.app[DEPS], officer, number)

    return await perform(request, officer, form, "arrival", act)


async def release(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The card handed to the applicant or to a relative, after the checks (R120, R121)."""

    async def act(number: str) -> CounterCase:
        if form.raw("collector") == CollectorKind.PROXY:
            await proven(request, officer, form)
        return await release_card(request.app[DEPS], officer, number, _release(form))

    return await perform(request, officer, form, f"release_{form.raw('collector')}", act, done="release")


async def record_check(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The later check after collection by proxy or post (R122)."""

    async def act(number: str) -> CounterCase:
        return await record(request.app[DEPS], officer, number, form.checks("checks"))

    return await perform(request, officer, form, "check", act)


async def perform(
    request: web.Request,
    officer: Officer,
    form: Form,
    name: str,
    act: Callable[[str], Awaitable[CounterCase]],
    *,
    done: str = "",
) -> web.Response:
    """Do it and go back to the case; refused, show the case with the reason on top and what was typed still there."""
    number = number_of(request)
    try:
        await act(number)
    except Refusal as refusal:
        case = await read_case(request.app[DEPS], officer, number)
        problem, status = refused(request, refusal)
        return case_page(officer, case, problem=problem, typed=Typed(name, form), status=status)
    return see_other(f"/cases/{number}?done={done or name}")


def number_of(request: web.Request) -> str:
    """The case number in the path. Raises Refusal ``case_number_malformed``."""
    return check_case_number(request.match_info["number"][:60])


def _acceptance(form: Form) -> acceptance.Acceptance:
    return acceptance.Acceptance(
        acceptance_number=form.maybe("acceptance_number", "受理号", 60) or "",
        slip_number=form.maybe("slip_number", "领证回执号", 40) or "",
        materials_seen=form.ticked("materials_seen", "已核验的材料"),
        checks=tuple(check for check in CHECKS if form.flag(check)),
        temporary_card=form.flag("temporary_card"),
        fingerprint=form.maybe_choice("fingerprint", "指纹采集结果", FingerprintOutcome) or FingerprintOutcome.ENROLLED,
        differences=_differences(form),
    )


def _differences(form: Form) -> dict[str, str]:
    told = {name: form.maybe(f"difference_{name}", "不一致的内容") for name in DIFFERENCES}
    return {name: text for name, text in told.items() if text}


def _release(form: Form) -> ReleaseAct:
    collector = form.choice("collector", "领取方式", CollectorKind)
    proxy = collector is CollectorKind.PROXY
    return ReleaseAct(
        collector=collector,
        checks=form.checks("checks"),
        slip_number=form.text("slip_number", "领证回执号", 40),
        kinship=form.maybe_choice("kinship", "与申请人的关系", Kinship) if proxy else None,
        collector_name=form.maybe("collector_name", "代领人姓名", 60) if proxy else None,
        collector_identity_number=form.maybe("collector_identity_number", "代领人公民身份号码", 30) if proxy else None,
        temporary_card=form.maybe_choice("temporary_card", "临时居民身份证", CardReturn),
    )
