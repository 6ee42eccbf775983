"""Sheets to print at the counter."""

from aiohttp import web

from casework import print_at_counter as acts
from casework.callers import Officer
from counter.keys import DEPS
from counter.pages import html_page
from domain.case_number import check_case_number


async def draft(request: web.Request, officer: Officer) -> web.Response:
    """The registration form's draft, marked 仅供核对 (R075, R132)."""
    number = check_case_number(request.match_info["number"][:60])
    form = await acts.print_draft(request.app[DEPS], officer, number)
    return html_page("draft.html", officer=officer, form=form, number=number)


async def paper_letter(request: web.Request, officer: Officer) -> web.Response:
    """The letter to sign by hand (R061)."""
    number = check_case_number(request.match_info["number"][:60])
    letter, case = await acts.print_letter(request.app[DEPS], officer, number)
    return html_page("paper_letter.html", officer=officer, letter=letter, case=case)
