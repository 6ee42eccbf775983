"""Every no has its Chinese, and the Chinese asks for nothing that nobody gives."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from domain.terms import NoticeKind
from templates.fill import placeholders
from templates.labels import audit_act
from templates.notices import facts_needed
from tests.house.plan import HOME, ROOMS, calls, place, python_files, tree_of

TEXTS: Mapping[str, Mapping[str, Any]] = tomllib.loads((HOME / "templates/refusals.toml").read_text(encoding="utf-8"))
"""By code: title, detail, advice, and a table of its own for readers who get other words (``[code.counter]``)."""
GIVEN_BY_OWE = {"name", "item", "number", "time"}


def said() -> dict[str, list[ast.Call]]:
    """Every code a Refusal or a Reason is made with, as literally written, and where."""
    found: dict[str, list[ast.Call]] = defaultdict(list)
    for path in python_files(*ROOMS, "run.py"):
        for call in calls(tree_of(path), "Refusal", "Reason"):
            for code in _codes(call):
                found[code].append(call)
    return found


def test_every_refusal_has_its_words() -> None:
    assert said().keys() - TEXTS.keys() == set()


def test_a_refusal_is_called_by_a_plain_english_word() -> None:
    odd = [
        place(path, call)
        for path in python_files(*ROOMS)
        for call in calls(tree_of(path), "Refusal")
        if call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert odd == []


def test_the_words_of_a_refusal_ask_only_for_facts_somebody_gives() -> None:
    """A placeholder no call fills is a clause the citizen never reads."""
    unfilled = {}
    for code, made in said().items():
        if any(_gives_unknown(call) for call in made):
            continue
        given = {keyword.arg for call in made for keyword in call.keywords} | {"code"}
        asked = frozenset[str]().union(*map(placeholders, _texts(TEXTS.get(code, {}))))
        if asked - given:
            unfilled[code] = sorted(asked - given)
    assert unfilled == {}


def test_every_notice_owed_is_given_the_facts_its_words_need() -> None:
    poor = {
        f"{place(path, call)} {kind}": sorted(facts_needed(kind) - _facts(call) - GIVEN_BY_OWE)
        for path in python_files("casework")
        for act in ("owe", "owed", "owe_account")
        for call in calls(tree_of(path), act)
        for kind in _kinds(call)
        if facts_needed(kind) - _facts(call) - GIVEN_BY_OWE
    }
    assert poor == {}


def test_every_kind_of_notice_is_owed_by_some_act() -> None:
    owed = {
        kind
        for path in python_files("casework")
        for call in calls(tree_of(path), "owe", "owe_account")
        for kind in _kinds(call)
    }
    assert owed == set(NoticeKind)


def test_every_act_of_the_audit_trail_has_its_words() -> None:
    """The auditor reads Chinese; what is put together from parts ends in words that are named one by one."""
    told = {
        node.value
        for path in python_files("casework")
        for call in calls(tree_of(path), "write_audit", "audit", "case_at_counter")
        for act in _audited(call)
        for node in ([act.body, act.orelse] if isinstance(act, ast.IfExp) else [act])
        if isinstance(node, ast.Constant)
    }
    nameless = {act for act in told if audit_act(str(act)) == act}
    assert nameless == set(), "name it in templates/labels.toml, [AuditAct]"
    assert audit_act("read_case_refused") == "打开申请被拒绝"
    assert audit_act("accept_refused").endswith("（被拒绝）")


def _audited(call: ast.Call) -> list[ast.expr]:
    return [keyword.value for keyword in call.keywords if keyword.arg == "act"] or call.args[3:4]


def _texts(parts: Mapping[str, Any]) -> list[str]:
    return [text for part in parts.values() for text in ([part] if isinstance(part, str) else part.values())]


def _codes(call: ast.Call) -> list[str]:
    if not call.args:
        return []
    first = call.args[0]
    options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
    return [node.value for node in options if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _gives_unknown(call: ast.Call) -> bool:
    """Facts that the source does not spell out: ``**facts``, or the mapping of a Reason."""
    return any(keyword.arg is None for keyword in call.keywords) or len(call.args) > 2


def _kinds(call: ast.Call) -> list[NoticeKind]:
    attributes = [argument for argument in call.args if isinstance(argument, ast.Attribute)]
    return [NoticeKind[a.attr] for a in attributes if isinstance(a.value, ast.Name) and a.value.id == "NoticeKind"]


def _facts(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg}
