"""Reads the rule files and refuses a broken one with file, line and reason. The only place that says yaml.

A rule file holds one rule::

    name: review_clock
    meaning: how many days the household place has to review and issue
    keys: [item, household]              # what a row may select by
    fields: {days: number_or_null, kind: [working, calendar, null]}
    # number (whole, not below 0), text, flag, texts, numbers, one of them with _or_null, or the list of words taken
    rows:
      - for: {item: id_card_first_application, household: "44"}
        rule: [R090, R091]
        values:
          - {from: 2023-03-12, source: gd-2023-654, value: {days: 3, kind: working}}

Values are appended, never edited; an end is a value ``null`` with its own day and source. ``assumed`` says why a day
isn't in the source itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NoReturn

import yaml

try:  # libyaml reads the same words ten times as quickly; a build without it reads them all the same
    from yaml import CSafeLoader as _QuickLoader
except ImportError:
    from yaml import SafeLoader as _QuickLoader  # type: ignore[assignment]

from domain.calendar import load_calendar
from domain.division import is_division
from domain.policy.rule import PLACE_KEYS, Row, Rule, Rulebook, Source, Value
from domain.question import OVER_16, UNDER_16
from domain.terms import (
    CertificateWay,
    CollectorKind,
    FingerprintOutcome,
    GuardianshipCase,
    ProofKind,
    ServiceItem,
    ServiceScope,
    Whose,
)

_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "number": lambda value: type(value) is int and value >= 0,  # days, fen, years: none is ever below zero
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "texts": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "numbers": lambda value: isinstance(value, list) and all(map(_KINDS["number"], value)),
}
_OR_NULL = "_or_null"
_RULE_ID = re.compile(r"[RBKD][0-9]{1,3}")
_WORDS: Mapping[str, frozenset[str]] = {
    "item": frozenset(ServiceItem),
    "scope": frozenset(ServiceScope),
    "guardianship": frozenset({*GuardianshipCase, "undeclared"}),
    "proof": frozenset(ProofKind),
    "whose": frozenset(Whose),
    "collector": frozenset(CollectorKind),
    "fingerprint": frozenset(FingerprintOutcome),
    "age": frozenset({UNDER_16, OVER_16}),
    "points": frozenset({"centre", "town"}),
    "way": frozenset(CertificateWay),
}
"""Keys whose words are terms of the house."""

_ANY_WORD = frozenset({"answer", "band", "paper"})
_KEYS = frozenset({*_WORDS, *PLACE_KEYS, *_ANY_WORD})

NEEDED = frozenset(
    {
        "attendance",
        "availability",
        "block",
        "booking",
        "card_centre",
        "certifiable",
        "collection",
        "confirmation",
        "counter",
        "delivery",
        "directory",
        "distance",
        "exclusion",
        "fee",
        "guardianship",
        "handover",
        "complaint",
        "idle",
        "later_check",
        "legal_clock",
        "letter",
        "materials",
        "ministry_link",
        "no_show",
        "note",
        "packing_clock",
        "notices",
        "paper",
        "point_opening",
        "publicity",
        "reminder",
        "residence_information",
        "review_checks",
        "review_clock",
        "settlement",
        "temporary_card",
        "tie_proof",
        "validity",
    }
)
"""The rules the house asks for: one missing file is half a rulebook."""

_FILE = {"name", "meaning", "keys", "fields", "rows"}
_ROW = {"for", "rule", "values"}
_VALUE = {"from", "until", "source", "value", "article", "assumed"}
_RELIABILITY = ("primary", "secondary", "default")
_SOURCE = {"title", "number", "day", "issuer", "reliability", "url", "provinces"}


class BrokenRules(Exception):
    """A rule file can't be used. The sentence names file and line; the service must not start."""


class _Lined(dict[str, Any]):
    """A mapping that knows the line it began on."""

    line: int = 0


class _Loader(_QuickLoader):
    """YAML with line numbers, and without silently overwritten keys."""


def _mapping(loader: _QuickLoader, node: yaml.MappingNode) -> _Lined:
    made = _Lined()
    made.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
        made[str(key)] = loader.construct_object(value_node, deep=True)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_rulebook(folder: Traversable | None = None, needed: frozenset[str] | None = None) -> Rulebook:
    """Read every rule once (call it at start-up). Raises BrokenRules; never returns half a rulebook.

    ``needed`` are the rules that must be there; by default all of the house's, and none for another folder.
    """
    home = folder or files("domain.policy")
    sources = _sources(home.joinpath("sources.yaml"))
    paths = sorted((p for p in home.joinpath("rules").iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    rules: dict[str, Rule] = {}
    for path in paths:
        rule = _RuleFile(path, sources).read()
        if rule.name in rules:
            raise BrokenRules(f"{path.name}:1: the rule {rule.name} stands in another file already")
        rules[rule.name] = rule
    wanted = needed if needed is not None else NEEDED if folder is None else frozenset()
    if missing := wanted - rules.keys():
        raise BrokenRules(f"rules:1: half a rulebook, without {', '.join(sorted(missing))}")
    return Rulebook(rules=rules, sources=sources, calendar=load_calendar())


def _read(path: Traversable) -> _Lined:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader with lines)
    except (yaml.MarkedYAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise BrokenRules(f"{path.name}:{line}: not readable: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(document, _Lined):
        raise BrokenRules(f"{path.name}:1: a rule file is a mapping")
    return document


def _sources(path: Traversable) -> Mapping[str, Source]:
    return {key: _source(path.name, key, entry) for key, entry in _read(path).items()}


def _source(file: str, key: str, entry: Any) -> Source:
    if not isinstance(entry, _Lined):
        raise BrokenRules(f"{file}:1: the source {key} has no facts")
    if unknown := entry.keys() - _SOURCE:
        raise BrokenRules(f"{file}:{entry.line}: unknown words in the source {key}: {sorted(unknown)}")
    if not entry.get("title") or not entry.get("issuer"):
        raise BrokenRules(f"{file}:{entry.line}: the source {key} needs a title and an issuer")
    if entry.get("day") is not None and not isinstance(entry["day"], date):
        raise BrokenRules(f"{file}:{entry.line}: the day of the source {key} isn't a date")
    if entry.get("reliability", "primary") not in _RELIABILITY:
        raise BrokenRules(f"{file}:{entry.line}: the source {key} is {', '.join(_RELIABILITY)}")
    provinces = entry.get("provinces", [])
    if not isinstance(provinces, list) or not all(map(_is_province, provinces)):
        raise BrokenRules(f"{file}:{entry.line}: the source {key} names its provinces by two digits each")
    return Source(
        key=key,
        title=str(entry["title"]),
        number=entry.get("number"),
        day=entry.get("day"),
        issuer=str(entry["issuer"]),
        reliability=str(entry.get("reliability", "primary")),
        url=entry.get("url"),
        provinces=tuple(provinces),
    )


def _is_province(code: object) -> bool:
    return isinstance(code, str) and len(code) == 2 and is_division(code)


class _RuleFile:
    """One file being read; every complaint names the line."""

    def __init__(self, path: Traversable, sources: Mapping[str, Source]) -> None:
        self.file = path.name
        self.sources = sources
        self.document = _read(path)
        self.keys: frozenset[str] = frozenset()
        self.fields: Mapping[str, Any] = {}

    def read(self) -> Rule:
        self._known_words(self.document, _FILE)
        name, meaning = self.document.get("name"), self.document.get("meaning")
        if not isinstance(name, str) or not isinstance(meaning, str):
            self._stop(self.document, "a rule needs a name and a meaning")
        self.keys = frozenset(self.document.get("keys") or ())
        self.fields = dict(self.document.get("fields") or {})
        if unknown := self.keys - _KEYS:
            self._stop(self.document, f"unknown keys: {', '.join(sorted(unknown))}")
        for field, kind in self.fields.items():
            if not isinstance(kind, list) and str(kind).removesuffix(_OR_NULL) not in _KINDS:
                self._stop(self.document, f"the field {field} is of the unknown kind {kind}")
        rows = tuple(self._row(row) for row in self._list(self.document, "rows"))
        self._no_twin_rows(rows)
        return Rule(name=str(name), meaning=str(meaning), keys=self.keys, rows=rows)

    def _row(self, row: _Lined) -> Row:
        self._known_words(row, _ROW)
        where = f"{self.file}:{row.line}"
        selects = {key: self._selected(row, key, wanted) for key, wanted in (row.get("for") or {}).items()}
        values = tuple(self._value(value, self._rule_ids(row)) for value in self._list(row, "values"))
        return Row(selects=selects, values=self._in_order(values), where=where)

    def _selected(self, row: _Lined, key: str, wanted: Any) -> frozenset[str]:
        if key not in self.keys:
            self._stop(row, f"the rule isn't keyed by {key}")
        words = frozenset(str(word) for word in (wanted if isinstance(wanted, list) else [wanted]))
        unknown = {w for w in words if not is_division(w)} if key in PLACE_KEYS else words - _WORDS.get(key, words)
        if unknown:
            self._stop(row, f"unknown {'place' if key in PLACE_KEYS else key}: {', '.join(sorted(unknown))}")
        return frozenset(map(_significant, words)) if key in PLACE_KEYS else words

    def _rule_ids(self, row: _Lined) -> tuple[str, ...]:
        ids = row.get("rule")
        if not isinstance(ids, list) or not ids or not all(_RULE_ID.fullmatch(str(one)) for one in ids):
            self._stop(row, "a row names the requirements it carries, like rule: [R040]")
        return tuple(map(str, ids))

    def _value(self, value: _Lined, rule_ids: tuple[str, ...]) -> Value:
        self._known_words(value, _VALUE)
        start, until, source = value.get("from"), value.get("until"), value.get("source")
        if not isinstance(start, date):
            self._stop(value, "a value needs the day it begins (from)")
        if source not in self.sources:
            self._stop(value, f"a value needs a known source, not {source!r}")
        if until is not None and (not isinstance(until, date) or until < start):
            self._stop(value, "until is a day not before from")
        if "value" not in value:
            self._stop(value, "a value needs a value; an end is an explicit null")
        return Value(
            fields=self._checked_fields(value),
            start=start,
            until=until,
            source=self.sources[str(source)],
            rules=rule_ids,
            article=value.get("article"),
            assumed=value.get("assumed"),
            where=f"{self.file}:{value.line}",
        )

    def _checked_fields(self, value: _Lined) -> Mapping[str, Any] | None:
        given = value["value"]
        if given is None:
            return None
        if not isinstance(given, _Lined) or given.keys() != self.fields.keys():
            self._stop(value, f"a value has exactly the fields {sorted(self.fields)}")
        for field, kind in self.fields.items():
            if not _is_kind(given[field], kind):
                self._stop(given, f"the field {field} isn't {_told(kind)}")
        return dict(given)

    def _in_order(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Each value ends where the next begins; days that overlap are refused."""
        ordered: list[Value] = []
        for value in values:
            if ordered:
                before = ordered[-1]
                if value.start <= before.start or (before.until is not None and before.until >= value.start):
                    raise BrokenRules(f"{value.where}: its days overlap those of {before.where}")
                ordered[-1] = replace(before, until=before.until or value.start - timedelta(days=1))
            ordered.append(value)
        return tuple(ordered)

    def _no_twin_rows(self, rows: tuple[Row, ...]) -> None:
        seen: dict[frozenset[tuple[str, frozenset[str]]], Row] = {}
        for row in rows:
            selection = frozenset(row.selects.items())
            if selection in seen:
                raise BrokenRules(f"{row.where}: selects the same as {seen[selection].where}; append a value there")
            seen[selection] = row

    def _list(self, mapping: _Lined, key: str) -> Iterator[_Lined]:
        items = mapping.get(key)
        if not isinstance(items, list) or not items or not all(isinstance(item, _Lined) for item in items):
            self._stop(mapping, f"{key} is a list of mappings")
        return iter(items or ())

    def _known_words(self, mapping: _Lined, known: set[str]) -> None:
        if unknown := mapping.keys() - known:
            self._stop(mapping, f"unknown words: {', '.join(sorted(unknown))}")

    def _stop(self, mapping: _Lined, reason: str) -> NoReturn:
        raise BrokenRules(f"{self.file}:{mapping.line}: {reason}")


def _told(kind: Any) -> str:
    if isinstance(kind, list):
        return f"one of {', '.join(map(str, kind))}"
    return f"a {kind}, not below 0" if str(kind).startswith("number") else f"a {kind}"


def _is_kind(value: Any, kind: Any) -> bool:
    if isinstance(kind, list):
        return any(value is word or value == word for word in kind)
    word = str(kind)
    if value is None:
        return word.endswith(_OR_NULL)
    return _KINDS[word.removesuffix(_OR_NULL)](value)


def _significant(code: str) -> str:
    """360000 and 36 name the same places: keep the digits they share."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code
