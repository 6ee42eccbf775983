"""The Chinese name of every English word that is stored or sent."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("labels.toml")


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tables


def audit_act(act: str) -> str:
    """What an entry of the audit trail says was done; what was refused is the act with a word behind it."""
    known = label(act, "AuditAct")
    base = act.removesuffix("_refused")
    return f"{label(base, 'AuditAct')}（被拒绝）" if known == act != base else known


def audit_actor(actor: str) -> str:
    """Who an entry of the audit trail names: staff by user name, others by what they are."""
    return label(actor.removeprefix("staff:"), "AuditActor")


@lru_cache(4096, typed=True)
def label(value: StrEnum | str, table: str | None = None) -> str:
    """The Chinese a person reads for ``value``.

    An enumeration member is looked up in the table of its class. A plain word is looked up in ``table`` if one is
    named, else in all of them, first come first served. A word nobody has named comes back as it is.
    """
    if table is None and isinstance(value, StrEnum):
        table = type(value).__name__
    names = _tables()
    candidates = [names.get(table, {})] if table else names.values()
    return next((names_of[value] for names_of in candidates if value in names_of), str(value))
