"""Register the public key of an acceptance point, and retire it: what offline passes are encrypted to (R085)."""

from dataclasses import dataclass
from datetime import datetime

from casework.deps import Deps, unit_of_work
from domain.refusal import Refusal
from models.audit import write_audit
from models.place import find_point
from models.point_key import all_keys, find_key, keep_key, retire_key

_OPERATOR = "operator:command-line"


@dataclass(frozen=True)
class PointKeyView:
    """One key of a point."""

    point: str
    key_id: str
    registered_at: datetime
    retired_at: datetime | None


async def register_point_key(deps: Deps, point_code: str, key_id: str, public_key: bytes) -> bool:
    """Register a key: from now on passes for that point are encrypted to it. False when it was registered already.

    Raises:
        Refusal: ``station_not_found``, ``point_key_of_another`` when another point gave the same key.
    """
    point = await find_point(point_code)
    if point is None:
        raise Refusal("station_not_found")
    async with unit_of_work(deps):
        if not await keep_key(point.id, key_id, public_key.hex(), deps.clock.now()):
            known = await find_key(key_id)
            if known is None or known.point_id != point.id:
                raise Refusal("point_key_of_another", station=point.name)
            return False
        await _record(deps, "register_point_key", point=point.code, key_id=key_id)
    return True


async def retire_point_key(deps: Deps, key_id: str) -> None:
    """Encrypt nothing to this key any more; the station keeps its private part until the last pass has expired.

    Raises:
        Refusal: ``point_key_unknown``.
    """
    async with unit_of_work(deps):
        if not await retire_key(key_id, deps.clock.now()):
            raise Refusal("point_key_unknown")
        await _record(deps, "retire_point_key", key_id=key_id)


async def point_keys(deps: Deps) -> tuple[PointKeyView, ...]:  # noqa: ARG001 – all acts take deps first
    """Every key, by point, the newest first."""
    keys = await all_keys()
    return tuple(PointKeyView(key.point.code, key.key_id, key.registered_at, key.retired_at) for key in keys)


async def _record(deps: Deps, act: str, **facts: str) -> None:
    await write_audit(at=deps.clock.now(), actor=_OPERATOR, act=act, facts=dict(facts))
