"""Is this letter or certificate genuine? For anybody who holds one: the page behind the QR code, and as JSON."""

from aiohttp import hdrs, web
from pydantic_core import to_json

from casework import verify_certificate, verify_letter
from casework.deps import Deps
from casework.service_views import CertificateVerification
from casework.views import LetterVerification
from domain.letter_number import names_a_certificate
from domain.refusal import Refusal
from miniapp_api.keys import GATE, REQUEST_ID
from miniapp_api.refusals import problem_response, status_of
from miniapp_api.shapes import PathText
from templates.pages import render_page
from templates.refusals import refusal_text

_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)


async def read_verification(request: web.Request, deps: Deps, number: PathText) -> LetterVerification:
    """Verify a signed letter by its number: names masked, nothing else told of the person."""
    return await _verified(request, deps, number)


async def read_certificate(request: web.Request, deps: Deps, number: PathText) -> CertificateVerification:
    """Verify a household registration certificate by its number: names masked, nothing told of what it says."""
    return await _certificate(request, deps, number)


async def read_page(request: web.Request, deps: Deps, number: PathText) -> web.Response:
    """The page behind the QR code; JSON for those who ask for it."""
    return await _answer(request, deps, number)


async def ask_for_number(request: web.Request, deps: Deps) -> web.Response:
    """The page to type a number into, and its answer."""
    number = request.query.get("number", "").strip()[:60]
    return await _answer(request, deps, number) if number else _page(200, None, None, "")


async def read_seals(deps: Deps) -> web.Response:
    """The certificates letters are sealed with, for verifying a file offline (``verify-letter --trust``)."""
    return web.Response(text=deps.seal.trust.decode(), content_type="application/x-pem-file", charset="utf-8")


async def _answer(request: web.Request, deps: Deps, number: str) -> web.Response:
    as_json = _wants_json(request)
    try:
        found = await (_certificate if names_a_certificate(number) else _verified)(request, deps, number)
    except Refusal as refusal:
        if as_json:
            return problem_response(refusal, request[REQUEST_ID])
        return _page(status_of(refusal.code), None, refusal, number)
    if as_json:
        return web.Response(body=to_json(found), content_type="application/json", charset="utf-8")
    return _page(200, found, None, number)


async def _verified(request: web.Request, deps: Deps, number: str) -> LetterVerification:
    request.app[GATE].checks.take(request.remote or "", deps.clock.now())
    return await verify_letter.verify_letter(deps, number)


async def _certificate(request: web.Request, deps: Deps, number: str) -> CertificateVerification:
    request.app[GATE].checks.take(request.remote or "", deps.clock.now())
    return await verify_certificate.verify_certificate(deps, number)


def _wants_json(request: web.Request) -> bool:
    accepted = request.headers.get(hdrs.ACCEPT, "")
    return "application/json" in accepted and "text/html" not in accepted


def _page(
    status: int, found: LetterVerification | CertificateVerification | None, refusal: Refusal | None, number: str
) -> web.Response:
    problem = refusal_text(refusal.code, refusal.facts) if refusal else None
    page = "certificate/verification.html" if names_a_certificate(number) else "letter/verification.html"
    text = render_page(page, found=found, problem=problem, number=number)
    headers = {"Content-Security-Policy": _POLICY}
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=headers)
