"""Prescribed paper forms as data with their source; ours are drafts to compare, never the form itself (R132)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILLED_BY = {"unit": "受理单位填写", "citizen": "公民本人填写", "system": "系统生成"}


@dataclass(frozen=True)
class DraftForm:
    """A draft ready to print: rows of title, value and who fills it in on the form."""

    title: str
    mark: str
    source: str
    rows: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def draft_form(name: str, values: Mapping[str, str]) -> DraftForm:
    """The form with the values of a pre-fill; what is not given stays empty."""
    form = _form(name)
    return DraftForm(
        title=form["title"],
        mark=form["mark"],
        source=form["source"],
        rows=tuple(
            (one["title"], values.get(one.get("value", ""), ""), _FILLED_BY[one["by"]]) for one in form["fields"]
        ),
        notes=tuple(note["text"] for note in form["notes"]),
    )


@cache
def _form(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).with_name("forms") / f"{name}.toml").read_text(encoding="utf-8"))
