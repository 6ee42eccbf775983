"""No requirement gets lost: each rule has a row and a test, everything else says where it lives."""

import re

from domain.policy.loader import load_rulebook
from tests.house.plan import HOME
from tests.house.rule_table import DOCUMENT, Requirement, cited, files_citing, requirements, rule_files, table

ALL: dict[str, Requirement] = {one.id: one for one in requirements()}
RULES = [one.id for one in ALL.values() if one.rule]
ELSEWHERE = [one for one in ALL.values() if not one.rule]
_FILE = re.compile(r"\b(?:bot|casework|counter|docs|domain|gateways|miniapp_api|models|templates|workers)/[\w./]+")


def test_the_table_in_docs_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == table(), "run: python -m tests.house.rule_table"


def test_every_requirement_that_is_a_rule_has_a_row() -> None:
    carried = rule_files()
    assert [one for one in RULES if one not in carried] == []


def test_every_requirement_that_is_a_rule_has_a_test() -> None:
    covered = files_citing()
    assert [one for one in RULES if one not in covered] == []


def test_no_row_carries_a_requirement_that_nobody_knows_or_calls_no_rule() -> None:
    carried = {one for _, _, value in load_rulebook().values() for one in value.rules if one.startswith("R")}
    assert carried - set(RULES) == set()


def test_what_is_no_rule_says_where_it_is_kept() -> None:
    assert [one.id for one in ELSEWHERE if not one.kept] == []
    files = [(one.id, path.rstrip(".")) for one in ELSEWHERE for path in _FILE.findall(one.kept)]
    assert [(one, path) for one, path in files if not (HOME / path).exists()] == []


def test_requirements_are_counted_in_full() -> None:
    """The catalogue of the five documents: 163 lines from R001 to R216."""
    assert len(ALL) == 163
    assert list(ALL) == sorted(ALL)


def test_a_range_names_every_number_in_it() -> None:
    assert list(cited("(R044–R046, D2, R101) R1234")) == ["R044", "R045", "R046", "R101"]
