"""Services on trial (R019): what serves only invited people, who was invited, and new invitations."""

from aiohttp import web

from casework import invite as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from domain.terms import ServiceItem
from templates.refusals import RefusalText

_DONE = {"trial": "试运行的设定已更新。", "withdrawn": "邀请已收回。"}


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What is on trial in the own area."""
    return await _page(request, officer)


async def invite(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """New invitations; the codes are on the page that follows, and nowhere else."""
    try:
        codes = await acts.invite(
            request.app[DEPS],
            officer,
            form.text("point", "受理点", 24),
            form.choice("item", "事项", ServiceItem),
            form.day("until", "有效期"),
            form.number("count", "数量"),
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed("invite", form), status=status)
    return await _page(request, officer, codes=codes)


async def try_out(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Only invited people through a day, or everybody from now on."""
    try:
        point, item = form.text("point", "受理点", 24), form.choice("item", "事项", ServiceItem)
        until = None if form.raw("act") == "open" else form.day("until", "试运行到")
        await acts.try_out(request.app[DEPS], officer, point, item, until)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed("trial", form), status=status)
    return see_other("/invitations?done=trial")


async def withdraw(request: web.Request, officer: Officer, form: Form) -> web.Response:  # noqa: ARG001 – a POST has one
    """Take one back."""
    await acts.withdraw_invitation(request.app[DEPS], officer, row_number(request, "invitation_not_found"))
    return see_other("/invitations?done=withdrawn")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    codes: list[str] | None = None,
    status: int = 200,
) -> web.Response:
    return html_page(
        "invitations.html",
        status=status,
        officer=officer,
        problem=problem,
        typed=typed or Typed(),
        done=_DONE.get(request.query.get("done", "")),
        trial=await acts.trial_page(request.app[DEPS], officer),
        may_try_out=officer.role in acts.MAY_TRY_OUT,
        items=tuple(ServiceItem),
        codes=codes or (),
    )
