"""The table of requirements in ``docs/rules.md``: where each is kept and which test covers it.

``python -m tests.house.rule_table`` writes it anew. Rules are found in the rule files, tests by the ids they cite under
``tests/domain`` and ``tests/policy``; everything else stands in ``domain/policy/requirements.yaml``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from domain.policy.loader import load_rulebook
from tests.house.plan import HOME, place

DOCUMENT = HOME / "docs/rules.md"
REQUIREMENTS = HOME / "domain/policy/requirements.yaml"
_CITED = re.compile(r"\bR([0-9]{3})(?:[–-]R([0-9]{3}))?\b")
_HEAD = """# Requirements and where they are kept

Made from `domain/policy/requirements.yaml`, the rules and the tests by `python -m tests.house.rule_table`; a test fails
when it is out of date. **Rules** are dated values in `domain/policy/rules/`, each with its source. The rest is a duty
of people, stands in code, or is still to come.

| id | requirement | kept in | covered by |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Requirement:
    """One line of the source documents. ``kept`` is empty for a rule: its rows say where."""

    id: str
    rule: bool
    meaning: str
    kept: str = ""


def requirements() -> tuple[Requirement, ...]:
    """Every requirement, in order."""
    listed = yaml.safe_load(REQUIREMENTS.read_text(encoding="utf-8"))
    return tuple(Requirement(id=key, **facts) for key, facts in listed.items())


def rule_files() -> Mapping[str, tuple[str, ...]]:
    """The rule files that carry each id."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, row, value in load_rulebook().values():
        for one in value.rules:
            found[one].add(row.where.partition(":")[0])
    return {one: tuple(sorted(files)) for one, files in found.items()}


def files_citing() -> Mapping[str, tuple[str, ...]]:
    """The test files of the rules that cite each id."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ("domain", "policy"):
        for path in sorted((HOME / "tests" / room).rglob("*")):
            if path.suffix in {".py", ".yaml"}:
                for one in cited(path.read_text(encoding="utf-8")):
                    found[one].add(place(path))
    return {one: tuple(sorted(files)) for one, files in found.items()}


def cited(text: str) -> Iterator[str]:
    """The ids in a text; ``R044–R046`` names three."""
    for first, last in _CITED.findall(text):
        yield from (f"R{number:03d}" for number in range(int(first), int(last or first) + 1))


def table() -> str:
    """The whole document."""
    files, tests = rule_files(), files_citing()
    return _HEAD + "".join(_line(one, files.get(one.id, ()), tests.get(one.id, ())) for one in requirements())


def _line(one: Requirement, files: tuple[str, ...], tests: tuple[str, ...]) -> str:
    kept = ", ".join(f"`rules/{file}`" for file in files) if one.rule else one.kept
    covered = ", ".join(f"`{test.removeprefix('tests/')}`" for test in tests)
    return f"| {one.id} | {one.meaning} | {kept} | {covered or '–'} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(table(), encoding="utf-8")
