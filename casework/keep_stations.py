"""The operator looks after the systems that report to us: which there are, what each may say, and their keys (R091).

Several keys of a system may be valid at once: give a new one, let the station switch over, take the old one back.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.put_on_record import put_on_record
from casework.views_staff import GivenWord, StationKeyLine, StationSystemLine
from domain.division import find_division, is_division
from domain.refusal import Refusal
from domain.terms import KeyAlgorithm, ReportKind, StaffRole
from models import staff as store
from models.staff import StationSystem
from templates.labels import label

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,39}")
_WORD_BYTES, _SUFFIX_BYTES = 32, 3
_ID_IN_NAME = 30  # of the system's id, so that a key's own fits its column
LONGEST_KEY = 2000
"""Characters of a public key in PEM; a P-256 key has some 180."""


class StationDuty(StrEnum):
    """What a system does, which says what it may report and for which cases."""

    REVIEW = "review"
    PRODUCTION = "production"
    COUNTER = "counter"


_MAY_SAY: Mapping[StationDuty, tuple[str, tuple[ReportKind, ...]]] = {
    StationDuty.REVIEW: (
        "household", (ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED),
    ),
    StationDuty.PRODUCTION: (
        "acceptance", (ReportKind.PRODUCTION_STARTED, ReportKind.DISPATCHED, ReportKind.RECEIVED_BY_POST),
    ),
    StationDuty.COUNTER: (
        "acceptance",
        (ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class NewSystem:
    """A system to be made; ``division`` is a GB/T 2260 code, it speaks for everything below it."""

    id: str
    name: str
    division: str
    duty: StationDuty


async def station_systems(deps: Deps, officer: Officer) -> tuple[StationSystemLine, ...]:
    """Every system with its keys, by id; no key itself is shown. Raises ``staff_role_missing``."""
    _insist_operator(officer)
    now, keys = deps.clock.now(), await store.all_station_keys()
    return tuple(
        StationSystemLine(
            id=one.key_id,
            name=one.name,
            place=find_division(one.division).full_name if is_division(one.division) else one.division,
            side=one.side,
            kinds=tuple(map(label, map(ReportKind, one.kinds))),
            disabled=one.disabled_at is not None,
            keys=(
                StationKeyLine(one.key_id, KeyAlgorithm.HMAC, None, valid=bool(one.secret)),
                *[
                    StationKeyLine(
                        key.key_id, key.algorithm, key.added_at, valid=key.ends_at is None or key.ends_at > now
                    )
                    for key in keys
                    if key.system_id == one.id
                ],
            ),
        )
        for one in await store.all_station_systems()
    )


async def add_system(deps: Deps, officer: Officer, new: NewSystem) -> GivenWord:
    """Make a system; returns its first word, told once.

    Raises:
        Refusal: ``staff_role_missing``, ``station_id_malformed``, ``station_id_taken``, ``division_unknown``.
    """
    _insist_operator(officer)
    _insist_id(new.id)
    if not is_division(new.division):
        raise Refusal("division_unknown", code=new.division)
    side, kinds = _MAY_SAY[new.duty]
    word = _word(deps)
    async with unit_of_work(deps):
        if await store.station_key_exists(new.id):
            raise Refusal("station_id_taken")
        made = await store.add_station_system(
            key_id=new.id, secret=word, name=new.name, division=new.division, side=side, kinds=list(map(str, kinds))
        )
        if not made:
            raise Refusal("station_id_taken")
        await _record(deps, officer, "add_station_system", new.id, duty=str(new.duty))
    return GivenWord(new.id, new.id, word)


async def give_word(deps: Deps, officer: Officer, system_id: str) -> GivenWord:
    """A further shared word for requests, told once; the ones before stay valid until they are taken back.

    Raises:
        Refusal: ``staff_role_missing``, ``station_system_not_found``.
    """
    system, word = await _system(officer, system_id), _word(deps)
    key_id = f"{system.key_id[:_ID_IN_NAME]}-{deps.random.token(_SUFFIX_BYTES).hex()}"
    await _give(deps, officer, system, key_id, KeyAlgorithm.HMAC, word)
    return GivenWord(system.key_id, key_id, word)


async def register_public_key(deps: Deps, officer: Officer, system_id: str, key_id: str, pem: str) -> None:
    """Register the public half of what a station signs files and slips with; ``key_id`` is the name it signs under.

    Raises:
        Refusal: ``staff_role_missing``, ``station_system_not_found``, ``station_id_malformed``, ``station_id_taken``,
            ``station_key_unreadable`` for anything but a P-256 public key in PEM.
    """
    system = await _system(officer, system_id)
    _insist_id(key_id)
    if deps.slips is None:
        raise Refusal("service_unavailable")
    if len(pem) > LONGEST_KEY or not deps.slips.is_key(pem):
        raise Refusal("station_key_unreadable")
    await _give(deps, officer, system, key_id, KeyAlgorithm.ES256, "\n".join(pem.split("\r\n")).strip() + "\n")


async def end_key(deps: Deps, officer: Officer, system_id: str, key_id: str) -> None:
    """Take a key back at once: nothing signed with it counts any more. What it reported before stays.

    Raises:
        Refusal: ``staff_role_missing``, ``station_system_not_found``, ``station_key_not_found`` also when it had ended.
    """
    system = await _system(officer, system_id)
    async with unit_of_work(deps):
        if key_id == system.key_id:
            ended = await store.forget_first_word(system.id)
        else:
            ended = await store.end_station_key(system.id, key_id, deps.clock.now())
        if not ended:
            raise Refusal("station_key_not_found")
        await _record(deps, officer, "end_station_key", system.key_id, key=key_id)


async def close_system(deps: Deps, officer: Officer, system_id: str) -> None:
    """Believe nothing of this system any more, whichever key it has. Raises as ``give_word``."""
    system = await _system(officer, system_id)
    async with unit_of_work(deps):
        await store.set_station_system(system.id, disabled_at=deps.clock.now())
        await _record(deps, officer, "close_station_system", system.key_id)


async def open_system(deps: Deps, officer: Officer, system_id: str) -> None:
    """Let a closed system report again, with the keys it has. Raises as ``give_word``."""
    system = await _system(officer, system_id)
    async with unit_of_work(deps):
        await store.set_station_system(system.id, disabled_at=None)
        await _record(deps, officer, "open_station_system", system.key_id)


async def _give(
    deps: Deps, officer: Officer, system: StationSystem, key_id: str, algorithm: KeyAlgorithm, material: str
) -> None:
    async with unit_of_work(deps):
        made = not await store.station_key_exists(key_id) and await store.add_station_key(
            system_id=system.id, key_id=key_id, algorithm=algorithm, material=material, added_at=deps.clock.now()
        )
        if not made:
            raise Refusal("station_id_taken")
        await _record(deps, officer, "add_station_key", system.key_id, key=key_id, algorithm=str(algorithm))


async def _system(officer: Officer, system_id: str) -> StationSystem:
    _insist_operator(officer)
    system = await store.any_station_system(system_id)
    if system is None:
        raise Refusal("station_system_not_found")
    return system


def _insist_id(text: str) -> None:
    if not _ID.fullmatch(text):
        raise Refusal("station_id_malformed")


def _insist_operator(officer: Officer) -> None:
    if officer.role is not StaffRole.OPERATOR:
        raise Refusal("staff_role_missing", source="R078")


def _word(deps: Deps) -> str:
    return urlsafe_b64encode(deps.random.token(_WORD_BYTES)).decode().rstrip("=")


async def _record(deps: Deps, officer: Officer, act: str, system: str, **facts: str) -> None:
    await put_on_record(deps, officer, act, {"system": system, **facts})
