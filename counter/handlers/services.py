"""Certificates and temporary cards at the counter: each act is one form, as for the identity card."""

from aiohttp import web

from casework import ask_household, certify_household
from casework.ask_household import Sending
from casework.callers import Officer
from casework.cancel_certificate import cancel_certificate
from casework.counter_views import CounterCase
from casework.hand_over import hand_over as hand_over_act
from casework.make_temporary_card import register_made, take_back
from casework.pack_materials import materials_to_send
from counter.forms import Form
from counter.handlers.cases import number_of, perform
from counter.keys import DEPS
from domain.certificate import LONGEST_CONTENT
from domain.terms import CardReturn, TransmissionChannel

_ANSWER_LINES = 40


async def certify_on_the_spot(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Form 2, from the national system (R169)."""

    async def act(number: str) -> CounterCase:
        facts = certify_household.SystemFacts(
            name=form.text("name", "姓名", 60),
            identity_number=form.text("identity_number", "公民身份号码", 30),
            registered_address=form.text("registered_address", "户籍登记地址"),
        )
        return await certify_household.certify_on_the_spot(request.app[DEPS], officer, number, facts)

    return await perform(request, officer, form, "spot", act)


async def send_materials(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The papers went to the household station (R164)."""

    async def act(number: str) -> CounterCase:
        received = form.flag("received")
        return await ask_household.send_materials(request.app[DEPS], officer, number, _sending(form), received=received)

    return await perform(request, officer, form, "materials", act)


async def record_receipt(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The household station has them (R165)."""

    async def act(number: str) -> CounterCase:
        return await ask_household.record_receipt(request.app[DEPS], officer, number)

    return await perform(request, officer, form, "receipt", act)


async def record_answer(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The household station's words (R165)."""

    async def act(number: str) -> CounterCase:
        unit, checker = form.text("household_unit", "反馈的派出所", 120), form.maybe("checker", "查证人", 60)
        content = "\n".join(form.lines("content", "证明内容", most=_ANSWER_LINES, longest=LONGEST_CONTENT))
        return await ask_household.record_answer(request.app[DEPS], officer, number, unit, content, checker)

    return await perform(request, officer, form, "answer", act)


async def record_unverifiable(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """It can't be verified (R166)."""

    async def act(number: str) -> CounterCase:
        reason = form.maybe("reason", "情况说明") or ""
        return await ask_household.record_unverifiable(request.app[DEPS], officer, number, reason)

    return await perform(request, officer, form, "unverifiable", act)


async def cancel(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The person asks to stop before it is issued (H12)."""

    async def act(number: str) -> CounterCase:
        return await cancel_certificate(request.app[DEPS], officer, number, form.maybe("reason", "取消的原因") or "")

    return await perform(request, officer, form, "cancellation", act)


async def certify(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Form 1, from the answer (R167)."""

    async def act(number: str) -> CounterCase:
        return await certify_household.certify_household(request.app[DEPS], officer, number)

    return await perform(request, officer, form, "certificate", act)


async def file_certificate(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The filing notice went out (R169)."""

    async def act(number: str) -> CounterCase:
        return await certify_household.file_certificate(request.app[DEPS], officer, number, _sending(form))

    return await perform(request, officer, form, "filing", act)


async def register_card_made(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The temporary card is made (K7)."""

    async def act(number: str) -> CounterCase:
        return await register_made(request.app[DEPS], officer, number)

    return await perform(request, officer, form, "made", act)


async def hand_over(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """What is ready, into the person's hands."""

    async def act(number: str) -> CounterCase:
        return await hand_over_act(request.app[DEPS], officer, number, form.checks("checks"))

    return await perform(request, officer, form, "handover", act)


async def take_card_back(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The temporary card comes back, or is lost (B20)."""

    async def act(number: str) -> CounterCase:
        return await take_back(request.app[DEPS], officer, number, form.choice("how", "去向", CardReturn))

    return await perform(request, officer, form, "return", act)


async def show_certificate(request: web.Request, officer: Officer) -> web.Response:
    """The certificate to print and seal; the reading is on record."""
    pdf = await certify_household.certificate_file(request.app[DEPS], officer, number_of(request))
    shown = 'inline; filename="certificate.pdf"'
    headers = {"Content-Disposition": shown, "Content-Security-Policy": "default-src 'none'"}
    return web.Response(body=pdf, content_type="application/pdf", headers=headers)


async def show_materials(request: web.Request, officer: Officer) -> web.Response:
    """The package for the household station; the reading is on record."""
    package = await materials_to_send(request.app[DEPS], officer, number_of(request))
    headers = {"Content-Disposition": f'attachment; filename="{package.name}"'}
    return web.Response(body=package.archive, content_type="application/zip", headers=headers)


def _sending(form: Form) -> Sending:
    return Sending(
        channel=form.choice("channel", "传送方式", TransmissionChannel),
        to_unit=form.text("to_unit", "户籍地派出所", 120),
        told=form.maybe("told", "告知的人", 60),
    )
