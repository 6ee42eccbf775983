"""What a dated rule value is, and how to ask for the ones in force on a day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from domain.calendar import WorkCalendar
from domain.division import Division, find_division
from domain.refusal import Refusal

PLACE_KEYS = frozenset({"household", "residence"})
GATE = "availability"
"""The rule whose first value is the first day anything was served: before it the rulebook has no answer."""

Key = Division | str

_BORROWED = "（比照"


class RuleMissing(LookupError):
    """A value that must exist doesn't: the rule files and the code disagree. Never the citizen's fault."""


@dataclass(frozen=True)
class Source:
    """A document a value rests on. ``day`` is its date if it's known; ``reliability`` tells primary from secondary.

    ``provinces``: the two digits of those it speaks for; none when it speaks for the whole country.
    """

    key: str
    title: str
    number: str | None
    day: date | None
    issuer: str
    reliability: str
    url: str | None = None
    provinces: tuple[str, ...] = ()

    @property
    def is_secondary(self) -> bool:
        """True for a report or a copy that nobody has confirmed yet."""
        return self.reliability == "secondary"

    @property
    def cite(self) -> str:
        """title（number, date） as a citizen may read it; a secondary source says so."""
        facts = [self.number or "", self.day.isoformat() if self.day else ""]
        inside = "，".join(fact for fact in facts if fact)
        doubt = "（转引，待核实）" if self.is_secondary else ""
        return (f"{self.title}（{inside}）" if inside else self.title) + doubt


@dataclass(frozen=True)
class Value:
    """What a rule says from one day on. ``fields`` is None where the rule ended (a dated null)."""

    fields: Mapping[str, Any] | None
    start: date
    until: date | None
    source: Source
    rules: tuple[str, ...]
    article: str | None
    assumed: str | None
    where: str

    @property
    def cite(self) -> str:
        """The source with article and requirement ids: what a verdict quotes."""
        article = f" {self.article}" if self.article else ""
        return f"{self.source.cite}{article} [{' '.join(self.rules)}]"

    def cite_at(self, place: Division) -> str:
        """``cite`` in an answer for a place: another province's document is only followed there, and says so."""
        homes = self.source.provinces
        if not homes or place.province[:2] in homes:
            return self.cite
        names = "、".join(find_division(home).name for home in homes)
        return f"{self.cite}{_BORROWED}{names}的做法，以受理点要求为准）"

    def in_force(self, day: date) -> bool:
        """From ``start`` to ``until``, both included."""
        return self.start <= day and (self.until is None or day <= self.until)

    def text(self, name: str) -> str:
        """A field that is text."""
        return str(self._field(name))

    def number(self, name: str) -> int:
        """A field that is a whole number; its unit stands in the field's name or in the rule's meaning."""
        return int(self._field(name))

    def flag(self, name: str) -> bool:
        """A field that is yes or no."""
        return bool(self._field(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that is a list of texts."""
        return tuple(str(item) for item in self._field(name))

    def numbers(self, name: str) -> tuple[int, ...]:
        """A field that is a list of whole numbers."""
        return tuple(int(item) for item in self._field(name))

    def maybe_text(self, name: str) -> str | None:
        """A text that may be null."""
        value = self._field(name)
        return None if value is None else str(value)

    def maybe_flag(self, name: str) -> bool | None:
        """A yes or no that may be null: nobody says."""
        value = self._field(name)
        return None if value is None else bool(value)

    def maybe_number(self, name: str) -> int | None:
        """A number that may be null."""
        value = self._field(name)
        return None if value is None else int(value)

    def _field(self, name: str) -> Any:
        if self.fields is None or name not in self.fields:
            raise RuleMissing(f"{self.where}: no field {name}")
        return self.fields[name]


@dataclass(frozen=True)
class Row:
    """The values of a rule for one selection of keys, earliest first, each ending where the next begins."""

    selects: Mapping[str, frozenset[str]]
    values: tuple[Value, ...]
    where: str

    def weight(self, keys: Mapping[str, Key]) -> int | None:
        """How closely this row fits (more digits, more keys: closer), or None when it doesn't."""
        weights = [_fit(keys.get(key), wanted) for key, wanted in self.selects.items()]
        if any(weight is None for weight in weights):
            return None
        return sum(weight or 0 for weight in weights)

    def on(self, day: date) -> Value | None:
        """The value in force, or None before the first, after the last and where the rule ended."""
        for value in reversed(self.values):
            if value.in_force(day):
                return None if value.fields is None else value
        return None


def is_borrowed(cite: str) -> bool:
    """True for what ``cite_at`` quotes from another province's document."""
    return _BORROWED in cite


def _fit(asked: Key | None, wanted: frozenset[str]) -> int | None:
    if asked is None:
        return None
    if isinstance(asked, str):
        return 1 if asked in wanted else None
    fits = [len(code) for code in wanted if asked.prefix.startswith(code)]
    return max(fits, default=None)


@dataclass(frozen=True)
class Rule:
    """A named question with all its dated answers."""

    name: str
    meaning: str
    keys: frozenset[str]
    rows: tuple[Row, ...]


@dataclass(frozen=True, eq=False)
class Rulebook:
    """Every rule there is, with the working-day calendar. ``on(day)`` is the only way in. Each is equal to itself."""

    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    calendar: WorkCalendar

    @cached_property
    def first_day(self) -> date:
        """The first day on which anything was served."""
        return min(value.start for row in self.rules[GATE].rows for value in row.values)

    def on(self, day: date) -> "Rules":
        """The rules in force on a day. Raises Refusal ``before_first_rule``."""
        self._begun(day, self.first_day)
        return Rules(day=day, book=self)

    def must_have_begun(self, item: str, day: date) -> None:
        """Raises Refusal ``before_first_rule`` when an item was served nowhere by that day."""
        rows = [row for row in self.rules[GATE].rows if item in row.selects.get("item", {item})]
        self._begun(day, min((value.start for row in rows for value in row.values), default=date.max))

    def _begun(self, day: date, first_day: date) -> None:
        if day < first_day:
            raise Refusal("before_first_rule", source="R001", day=day, first_day=first_day)

    def values(self) -> Iterator[tuple[Rule, Row, Value]]:
        """Everything, for tables and tests."""
        return ((rule, row, value) for rule in self.rules.values() for row in rule.rows for value in row.values)


@dataclass(frozen=True)
class Rules:
    """The rulebook as it stood on one day."""

    day: date
    book: Rulebook

    @property
    def calendar(self) -> WorkCalendar:
        """The working days that clocks count with."""
        return self.book.calendar

    def all(self, name: str, **keys: Key) -> tuple[Value, ...]:
        """Every value in force that fits, closest first."""
        found = [(weight, value) for weight, row in self._fitting(name, keys) if (value := row.on(self.day))]
        return tuple(value for _, value in sorted(found, key=lambda pair: -pair[0]))

    def find(self, name: str, **keys: Key) -> Value | None:
        """The closest value in force, or None. Two equally close ones are an error of the rule files."""
        found = [(weight, value) for weight, row in self._fitting(name, keys) if (value := row.on(self.day))]
        closest = [value for weight, value in found if weight == max(w for w, _ in found)]
        if len(closest) > 1:
            raise RuleMissing(f"{closest[0].where} and {closest[1].where} answer the same question")
        return closest[0] if closest else None

    def need(self, name: str, **keys: Key) -> Value:
        """The closest value in force; RuleMissing when there is none."""
        value = self.find(name, **keys)
        if value is None:
            raise RuleMissing(f"rule {name} has no value on {self.day} for {sorted(keys)}")
        return value

    def opens_on(self, name: str, **keys: Key) -> Value | None:
        """The next value that begins after this day, if the files already hold one."""
        coming = [v for _, row in self._fitting(name, keys) for v in row.values if v.start > self.day and v.fields]
        return min(coming, key=lambda value: value.start, default=None)

    def _fitting(self, name: str, keys: Mapping[str, Key]) -> list[tuple[int, Row]]:
        rule = self.book.rules[name]
        if unknown := keys.keys() - rule.keys:
            raise RuleMissing(f"rule {name} isn't keyed by {sorted(unknown)}")
        return [(weight, row) for row in rule.rows if (weight := row.weight(keys)) is not None]
