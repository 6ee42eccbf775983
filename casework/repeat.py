"""A retry with the same key gives the same answer and never a second effect."""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from casework.callers import Citizen
from casework.deps import Deps, unit_of_work
from domain.refusal import Refusal
from models.columns import blind_index
from models.db import COLLISIONS
from models.request_key import claim_key, find_key, keep_answer

V = TypeVar("V")


async def once(
    deps: Deps,
    citizen: Citizen,
    key: str,
    *,
    act: str,
    body: Mapping[str, Any],
    view: type[V],
    do: Callable[[], Awaitable[V]],
) -> V:
    """Do ``do`` in one transaction with the key; a repeat gets the stored answer.

    The key is claimed first and committed with the effect, so a crash leaves both or neither. A refusal keeps no key:
    the same request may be tried again.

    Raises:
        Refusal: ``idempotency_key_reused`` when the key was used for another request.
    """
    owner = citizen.actor
    digest = request_digest(act, body)
    adapter: TypeAdapter[V] = written_as(cast("Any", view))

    async def claimed() -> V | None:
        async with unit_of_work(deps):
            if not await claim_key(owner, key, act, digest, deps.clock.now()):
                return None
            answer = await do()
            await keep_answer(owner, key, adapter.dump_json(answer).decode())
            return answer

    answer = await unhindered(claimed)
    if answer is not None:
        return answer
    row = await find_key(owner, key)
    if row.body_digest != digest or row.answer is None:
        raise Refusal("idempotency_key_reused")
    return adapter.validate_json(row.answer)


def request_digest(act: str, body: Mapping[str, Any]) -> str:
    """By this a request is known again."""
    return blind_index(json.dumps([act, body], ensure_ascii=False, sort_keys=True, default=str), "request")


@cache
def written_as(view: Any) -> TypeAdapter[Any]:
    """How an answer of this shape is kept; made once, since making it costs more than a statement."""
    return TypeAdapter(view)


async def unhindered(work: Callable[[], Awaitable[V]]) -> V:
    """Do a whole transaction, and once more if the database gave it up for another that stood in its way.

    Raises:
        Refusal: ``service_unavailable`` when it was given up again.
    """
    try:
        return await work()
    except COLLISIONS:
        pass
    try:
        return await work()
    except COLLISIONS:
        raise Refusal("service_unavailable") from None
