"""Warnings, supervised follow-ups and the directory of named persons (R101, R181–R186)."""

from aiohttp import web

from casework import follow_up as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from domain.terms import ContactDuty
from templates.refusals import RefusalText

_CONTACT = "contact"


async def show_warnings(request: web.Request, officer: Officer) -> web.Response:
    """What the officer is warned of."""
    warnings = await acts.my_warnings(request.app[DEPS], officer)
    return html_page("warnings.html", officer=officer, warnings=warnings)


async def take_note(request: web.Request, officer: Officer, form: Form) -> web.Response:  # noqa: ARG001 – a POST has one
    """Take note of one."""
    await acts.take_note(request.app[DEPS], officer, row_number(request, "warning_not_found"))
    return see_other("/warnings")


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What is followed up; ``?all=yes`` also what was closed."""
    return await _list(request, officer)


async def write_note(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Write a note; with the second button it is the last one."""
    try:
        await acts.note_follow_up(
            request.app[DEPS],
            officer,
            row_number(request, "follow_up_not_found"),
            form.maybe("note", "办理情况", 500) or "",
            close=form.raw("answer") == "close",
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _list(request, officer, problem=problem, status=status)
    return see_other("/follow-ups")


async def show_contacts(request: web.Request, officer: Officer) -> web.Response:
    """The directory."""
    return await _directory(request, officer)


async def name_contact(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Name a person."""
    try:
        new = acts.NewContact(
            duty=form.choice("duty", "职责", ContactDuty),
            name=form.text("name", "姓名", 40),
            phone=form.text("phone", "办公电话", 30),
            division=form.maybe("division", "地区代码", 6),
            unit=form.maybe("unit", "所在单位", 60),
        )
        await acts.name_contact(request.app[DEPS], officer, new)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _directory(request, officer, problem=problem, typed=Typed(_CONTACT, form), status=status)
    return see_other("/contacts")


async def keep_contact(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Confirm a person, or take them out."""
    number = row_number(request, "contact_not_found")
    await acts.keep_contact(request.app[DEPS], officer, number, still=form.raw("answer") == "still")
    return see_other("/contacts")


async def _list(
    request: web.Request, officer: Officer, *, problem: RefusalText | None = None, status: int = 200
) -> web.Response:
    everything = request.query.get("all") == "yes"
    lines = await acts.follow_up_list(request.app[DEPS], officer, open_only=not everything)
    return html_page(
        "follow_ups.html", status=status, officer=officer, problem=problem, lines=lines, everything=everything
    )


async def _directory(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> web.Response:
    return html_page(
        "contacts.html",
        status=status,
        officer=officer,
        problem=problem,
        typed=typed or Typed(),
        directory=await acts.directory(request.app[DEPS], officer),
        duties=tuple(ContactDuty),
    )
