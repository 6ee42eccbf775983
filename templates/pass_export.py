"""A pass that was read, as a station system imports it: JSON, XML or key-value lines; one shape, three spellings."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from domain.local_time import SHANGHAI
from domain.offline_pass import FIELDS, CaseValue, OfflinePass
from templates.shown import clean

FORMAT = "TB1"


def pass_facts(given: OfflinePass, read_at: datetime, read_before: datetime | None) -> dict[str, Any]:
    """What is exported: days and moments as ISO 8601 in China's time, words as the API spells them."""
    about: dict[str, CaseValue | None] = {
        "id": given.id.hex(),
        "issuer": given.issuer,
        "point": given.point,
        "issued_at": given.issued_at,
        "valid_from": given.valid_from,
        "expires_at": given.expires_at,
        "read_at": read_at.replace(microsecond=0),
        "read_before": read_before.replace(microsecond=0) if read_before else None,
    }
    case = {field.name: _plain(given.case[field.name]) for field in FIELDS if field.name in given.case}
    return {"format": FORMAT, "pass": {name: _plain(value) for name, value in about.items()}, "case": case}


def as_json(facts: Mapping[str, Any]) -> str:
    """One JSON object."""
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def as_xml(facts: Mapping[str, Any]) -> str:
    """One XML document: an element for each name, ``item`` for what is in a list."""
    inside = "".join(_element(name, facts[name], 1) for name in ("pass", "case"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<offline-pass format="{FORMAT}">\n{inside}</offline-pass>\n'


def as_lines(facts: Mapping[str, Any]) -> str:
    """``pass.name=value`` and ``case.name=value``, one a line; lists by commas, nothing stands for no value."""
    named = ((f"{part}.{name}", value) for part in ("pass", "case") for name, value in facts[part].items())
    return "".join(f"{name}={_in_a_line(value)}\n" for name, value in named)


def _plain(value: CaseValue | None) -> Any:
    match value:
        case datetime():
            return value.astimezone(SHANGHAI).isoformat()
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case str():
            return clean(value)
    return value


def _in_a_line(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else _word(value)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _element(name: str, value: Any, depth: int) -> str:
    indent = " " * depth
    if isinstance(value, Mapping | list):
        inside = "".join(_element(key, each, depth + 1) for key, each in _inside(value))
        return f"{indent}<{name}>\n{inside}{indent}</{name}>\n"
    return f"{indent}<{name}>{escape(_word(value))}</{name}>\n"


def _inside(value: Mapping[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, Mapping) else (("item", each) for each in value)
