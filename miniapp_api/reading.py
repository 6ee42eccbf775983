"""Reading a request strictly: one meaning or a refusal (V1.1.1, V15.3.3, V15.3.5, V15.3.7)."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NewType

from aiohttp import hdrs, web
from pydantic import TypeAdapter, ValidationError

from casework.challenge import NO_PROOF, Proof
from domain.refusal import Refusal
from templates.labels import label

IDEMPOTENCY_KEY = "Idempotency-Key"
CHALLENGE_ANSWER = "X-Challenge-Answer"
_PROOF_SHAPE = re.compile(r"([0-9]{1,12}\.[0-9]{1,2}\.[0-9a-f]{32}):([!-9;-~]{1,64})")
_KEY_SHAPE = re.compile(r"[!-~]{8,80}")
_UNPRINTABLE = re.compile(r"[^ -~]")
_NOT_IN_NAMES = re.compile(r"[^\w.\[\]-]")
_MOST_ERRORS = 20
BODY_SECONDS = 15.0  # a phone on a bad line sends 256 KiB in less; who sends slower on purpose is let go

Key = NewType("Key", str)
"""The idempotency key of a write that may be repeated, as a handler asks for it."""


@dataclass(frozen=True)
class Client:
    """Where a request came from. Behind a proxy this is the proxy's address: no header is believed (V15.3.4)."""

    address: str
    software: str


def client_of(request: web.Request) -> Client:
    """The peer's address and what its software calls itself, made printable and short."""
    software = _UNPRINTABLE.sub("?", request.headers.get(hdrs.USER_AGENT, ""))
    return Client(address=(request.remote or "")[:64], software=software[:200])


def idempotency_key(request: web.Request) -> Key:
    """The one Idempotency-Key; raises Refusal ``idempotency_key_missing`` or ``idempotency_key_malformed``."""
    given = request.headers.getall(IDEMPOTENCY_KEY, [])
    if not given:
        raise Refusal("idempotency_key_missing")
    if len(given) > 1 or not _KEY_SHAPE.fullmatch(given[0]):
        raise Refusal("idempotency_key_malformed")
    return Key(given[0])


def challenge_answer(request: web.Request) -> Proof:
    """``challenge:answer`` of the one X-Challenge-Answer; what is not of that form proves nothing."""
    given = request.headers.getall(CHALLENGE_ANSWER, [])
    match = _PROOF_SHAPE.fullmatch(given[0]) if len(given) == 1 else None
    return Proof(match[1], match[2]) if match else NO_PROOF


def path_value(request: web.Request, name: str, adapter: TypeAdapter[Any]) -> Any:
    """A part of the path; what could never name anything is Refusal ``not_found``."""
    try:
        return adapter.validate_python(request.match_info[name])
    except ValidationError:
        raise Refusal("not_found") from None


def query_values(request: web.Request, adapter: TypeAdapter[Any]) -> Any:
    """The whole query as one shape; unknown and repeated parameters are Refusal ``malformed``."""
    return _validated(adapter.validate_python, _each_once(request.query.items()))


async def json_body(request: web.Request, adapter: TypeAdapter[Any], limit: int) -> Any:
    """The whole body as one shape.

    Raises Refusal ``content_type_unsupported``, ``too_large``, ``not_json`` (also for bytes that are not UTF-8 and
    for an object that names a field twice) or ``malformed`` with every wrong field at once (``errors``).
    """
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise Refusal("content_type_unsupported")
    body = await _read(request, limit)
    _insist_on_json(body)
    return _validated(adapter.validate_json, body)


async def _read(request: web.Request, limit: int) -> bytes:
    """At most ``limit`` bytes, counted while they come in: a length that lies helps nobody (V5.2.1)."""
    if (request.content_length or 0) > limit:
        raise Refusal("too_large", limit=limit)
    if request.content.is_eof():  # all of it came with the head, as a short one does: nothing to wait for
        return await _counted(request, limit)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _counted(request, limit)
    except TimeoutError:
        raise Refusal("too_slow") from None


async def _counted(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise Refusal("too_large", limit=limit)
    return bytes(body)


def _insist_on_json(body: bytes) -> None:
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_pairs_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refusal("not_json") from None


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a field is named twice")
    return named


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _each_once(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    once: dict[str, str] = {}
    for name, value in pairs:
        if name in once:
            raise _malformed([{"field": _plain(name), "problem": "repeated"}])
        once[name] = value
    return once


def _validated(validate: Any, raw: Any) -> Any:
    try:
        return validate(raw)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_context=False, include_input=False)
        errors = [{"field": _path(error["loc"]), "problem": error["type"]} for error in found[:_MOST_ERRORS]]
    raise _malformed(errors)


def _malformed(errors: list[dict[str, str]]) -> Refusal:
    """``fields`` as people call them, ``errors`` as programs do; never what was typed."""
    names = [_innermost_word(error["field"]) for error in errors]
    fields = tuple(dict.fromkeys(label(name, "Field") for name in names if name))
    return Refusal("malformed", fields=fields, errors=errors)


def _innermost_word(path: str) -> str:
    """The last part of a path that is a word: a place in a list tells people nothing."""
    return next((part for part in reversed(path.split(".")) if not part.isdecimal()), "")


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(_plain(str(part)) for part in location)


def _plain(name: str) -> str:
    """A field name from the request: only a name, only its beginning."""
    return _NOT_IN_NAMES.sub("?", name)[:60]
