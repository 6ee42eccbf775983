"""Complaints and suggestions: what waits here, taking one, answering it, handing it to a station (R198)."""

from urllib.parse import quote

from aiohttp import web

from casework.callers import Officer
from casework.complain import (
    LONGEST,
    answer_complaint,
    assign_complaint,
    complaints_here,
    read_complaint,
    take_complaint,
)
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, see_other


async def show_all(request: web.Request, officer: Officer) -> web.Response:
    """What waits for an answer."""
    return html_page("complaints.html", officer=officer, complaints=await complaints_here(request.app[DEPS], officer))


async def show(request: web.Request, officer: Officer) -> web.Response:
    """One of them."""
    one = await read_complaint(request.app[DEPS], officer, request.match_info["number"])
    return html_page("complaint.html", officer=officer, one=one)


async def take(request: web.Request, officer: Officer, _form: Form) -> web.Response:
    """Take it in hand."""
    number = request.match_info["number"]
    await take_complaint(request.app[DEPS], officer, number)
    return see_other(_page(number))


async def answer(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Answer it."""
    number = request.match_info["number"]
    text = "，".join(form.lines("answer", "答复", most=40, longest=LONGEST))
    await answer_complaint(request.app[DEPS], officer, number, text)
    return see_other(_page(number))


async def assign(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Hand it to a station."""
    number = request.match_info["number"]
    await assign_complaint(request.app[DEPS], officer, number, form.text("point", "受理点编码", 24))
    return see_other("/complaints")


def _page(number: str) -> str:
    return f"/complaints/{quote(number, safe='')}"
