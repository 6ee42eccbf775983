"""A sensitive act asks again who is there: password and code stand in the act's own form, so nothing typed is lost."""

from dataclasses import replace

from aiohttp import web

from casework.callers import Officer
from casework.prove_again import prove_again
from counter.forms import Form
from counter.keys import DEPS


async def proven(request: web.Request, officer: Officer, form: Form) -> Officer:
    """The officer, proven; raises what ``prove_again`` raises."""
    await prove_again(request.app[DEPS], officer, form.raw("password")[:256], form.raw("one_time_code")[:12])
    return replace(officer, proven_recently=True)
