"""The two stations of a case consult (R189)."""

from aiohttp import web

from casework import consult as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from domain.refusal import Refusal


async def show_waiting(request: web.Request, officer: Officer) -> web.Response:
    """What waits for an answer of the officer's side."""
    return html_page(
        "consultations.html", officer=officer, lines=await acts.waiting_threads(request.app[DEPS], officer)
    )


async def show(request: web.Request, officer: Officer) -> web.Response:
    """The thread of a case."""
    thread = await acts.read_thread(request.app[DEPS], officer, request.match_info["number"][:60])
    return html_page("consultation.html", officer=officer, thread=thread)


async def write(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Write to the other station; with the second button the matter is settled."""
    deps, number = request.app[DEPS], request.match_info["number"][:60]
    try:
        text = form.maybe("text", "留言", 500) or ""
        await acts.write_to_thread(deps, officer, number, text, settled=form.raw("answer") == "settled")
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        thread = await acts.read_thread(deps, officer, number)
        return html_page("consultation.html", officer=officer, thread=thread, problem=problem, status=status)
    return see_other(f"/cases/{number}/consultation")
