"""Notices: one folder per kind under ``notices/``, with WeChat fields, the page they open, and the SMS.

``notice.toml`` holds ``title``, ``page``, ``sms``, a table ``[subscribe]`` (WeChat field key → text), a table
``[account]`` where the Official Account's template has other fields than that, and a table ``[example]`` that names
every fact the notice may take. Facts are ready to read (``templates.shown.when`` for times) and minimised: a masked
name, never an identity number.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from domain.terms import NoticeKind
from templates.fields import clip, field_problem
from templates.fill import fill, needed, placeholders, put
from templates.shown import clean, told

_FOLDER = Path(__file__).parent / "notices"
_MOST_PIECES = 3  # with its example; one that is longer costs more than it tells
_LONGEST_SMS = 300  # with the longest facts: five pieces
_LONGEST_FACT = 120
_BRACKETS = str.maketrans("【】", "[]")  # only the sender's signature may stand in 【】


class NoticeText:
    """A notice ready to send; only what is asked for is made, since most notices go by one channel alone."""

    def __init__(self, parts: Mapping[str, Any], facts: Mapping[str, str]) -> None:
        self._parts = parts
        self._given = facts

    @property
    def title(self) -> str:
        """What it is about."""
        return str(self._parts["title"])

    @cached_property
    def subscribe(self) -> Mapping[str, str]:
        """Field key → value of the subscription message."""
        return self._fields(self._parts["subscribe"])

    @cached_property
    def account(self) -> Mapping[str, str]:
        """Field key → value of the Official Account's template."""
        return self._fields(_account(self._parts))

    @cached_property
    def page(self) -> str:
        """The page of the mini-program that it opens."""
        return fill(self._parts["page"], {name: quote(value, safe="") for name, value in self._facts.items()})

    @property
    def sms(self) -> str:
        """The text for the phone."""
        text, given = self._parts["sms"], self._given
        seen = {name: value for name in placeholders(text) if (value := told(_tame(given.get(name) or "")))}
        return _cut(put(text, seen), _LONGEST_SMS)

    @cached_property
    def _facts(self) -> Mapping[str, str]:
        return {name: _tame(value) for name, value in self._given.items() if value}

    def _fields(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        return {key: clip(key, fill(text, self._facts)) for key, text in texts.items()}


def render_notice(kind: NoticeKind, facts: Mapping[str, str]) -> NoticeText:
    """The notice with its facts; values too long for WeChat are clipped with … and invisible characters removed.

    Never raises on facts: a notice owed is a notice sent. ``check_notices`` catches bad texts at start, and
    ``facts_needed`` tells the act that owes the notice what to give; a fact missing all the same leaves its place
    empty, or a pointer to the mini-program in a WeChat field, which may not be empty.
    """
    return NoticeText(_parts(kind), facts)


def facts_needed(kind: NoticeKind) -> frozenset[str]:
    """The facts without which this notice is not whole; those only inside ``[[…]]`` are optional."""
    return frozenset[str]().union(*(needed(text) for text in _texts(_parts(kind))))


def subscribe_templates() -> Mapping[str, Mapping[str, str]]:
    """Our template key (= the kind) → WeChat field key → an example value, as one registers them at WeChat."""
    return {kind.value: render_notice(kind, _parts(kind)["example"]).subscribe for kind in NoticeKind}


def notice_titles() -> Mapping[str, str]:
    """Our template key (= the kind) → the notice's title."""
    return {kind.value: str(_parts(kind)["title"]) for kind in NoticeKind}


def account_templates() -> Mapping[str, Mapping[str, str]]:
    """As ``subscribe_templates``, for the templates of the Official Account."""
    return {kind.value: render_notice(kind, _parts(kind)["example"]).account for kind in NoticeKind}


def sms_pieces(text: str) -> int:
    """How many pieces an SMS of this text is billed as: 70 characters in one, 67 in each of several (UCS-2)."""
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= 70 else -(-length // 67)


def check_notices() -> list[str]:
    """Every problem of the notice folders, in English for the operator; empty when all is well. Run at start."""
    strangers = {path.name for path in _FOLDER.iterdir() if path.is_dir()} - set(NoticeKind)
    problems = [f"notices/{name}: no such kind of notice" for name in sorted(strangers)]
    for kind in NoticeKind:
        problems += [f"notices/{kind}: {problem}" for problem in _problems_of(kind)]
    return problems


def _problems_of(kind: NoticeKind) -> list[str]:
    try:
        parts = _parts(kind)
        example, subscribe = parts["example"], parts["subscribe"]
        texts = _texts(parts)
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        return [f"can't be read: {error!r}"]
    taken = frozenset[str]().union(*(placeholders(text) for text in texts))
    problems = [f"placeholder {{{name}}} is not in [example]" for name in sorted(taken - example.keys())]
    problems += [f"example fact {name!r} is used nowhere" for name in sorted(example.keys() - taken)]
    if not str(parts["sms"]).startswith("【"):
        problems.append("the SMS must begin with the sender's name in 【】")
    filled = {key: fill(text, example) for table in (subscribe, _account(parts)) for key, text in table.items()}
    problems += [f"{key}: {wrong}" for key, value in filled.items() if (wrong := field_problem(key, value))]
    if (pieces := sms_pieces(fill(parts["sms"], example))) > _MOST_PIECES:
        problems.append(f"the SMS is {pieces} pieces with its example; {_MOST_PIECES} at most")
    if parts["page"].startswith("/"):
        problems.append("page must not start with a slash")
    return problems


@cache
def _parts(kind: NoticeKind) -> Mapping[str, Any]:
    return tomllib.loads((_FOLDER / kind / "notice.toml").read_text(encoding="utf-8"))


def _texts(parts: Mapping[str, Any]) -> list[str]:
    return [parts["title"], parts["page"], parts["sms"], *parts["subscribe"].values(), *_account(parts).values()]


def _account(parts: Mapping[str, Any]) -> Mapping[str, str]:
    table: Mapping[str, str] = parts.get("account", parts["subscribe"])
    return table


def _tame(value: str) -> str:
    seen = clean(value)
    return _cut(seen.translate(_BRACKETS) if "【" in seen or "】" in seen else seen, _LONGEST_FACT)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
