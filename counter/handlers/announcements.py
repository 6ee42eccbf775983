"""Announcements (R199–R202): what is told in the officer's area, and the form for another."""

from aiohttp import web

from casework import announce as acts
from casework.callers import Officer
from casework.close_point import closable_points
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from domain.terms import AnnouncementKind, ServiceItem
from templates.refusals import RefusalText

_ACT = "announcement"
_DONE = {"announced": "公告已登记，到发布时间即对外公布。", "withdrawn": "公告已撤回。"}


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What is announced, and for who may announce the form."""
    return await _page(request, officer)


async def announce(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Announce; refused, the form comes back as it was filled in."""
    try:
        await acts.announce(request.app[DEPS], officer, _draft(form))
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed(_ACT, form), status=status)
    return see_other("/announcements?done=announced")


async def withdraw(request: web.Request, officer: Officer, form: Form) -> web.Response:  # noqa: ARG001 – a POST has one
    """Take one back."""
    await acts.withdraw_announcement(request.app[DEPS], officer, row_number(request, "announcement_not_found"))
    return see_other("/announcements?done=withdrawn")


def _draft(form: Form) -> acts.Draft:
    return acts.Draft(
        kind=form.choice("kind", "公告类型", AnnouncementKind),
        title=form.text("title", "标题", 60),
        text="\n".join(form.lines("text", "正文", most=40, longest=400)),
        division=form.maybe("division", "地区", 6),
        point_code=form.maybe("point", "受理点", 24),
        item=form.maybe_choice("item", "事项", ServiceItem),
        publish_at=form.maybe_moment("publish_at", "发布时间"),
        starts_at=form.maybe_moment("starts_at", "开始时间"),
        ends_at=form.maybe_moment("ends_at", "结束时间"),
        topic=form.maybe("topic", "解读主题", 40),
        document_number=form.maybe("document_number", "文号", 60),
    )


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> web.Response:
    deps, may = request.app[DEPS], officer.role in acts.MAY_ANNOUNCE
    return html_page(
        "announcements.html",
        status=status,
        officer=officer,
        problem=problem,
        typed=typed or Typed(),
        done=_DONE.get(request.query.get("done", "")),
        lines=await acts.announcements_for(deps, officer),
        may_announce=may,
        kinds=tuple(AnnouncementKind),
        items=tuple(ServiceItem),
        points=await closable_points(deps, officer) if may else (),
    )
