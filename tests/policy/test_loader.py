"""A rule file that is wrong stops the start, with file, line and reason."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from domain.policy.loader import NEEDED, BrokenRules, load_rulebook

HOME = Path(__file__).parents[2]

SOURCES = """
notice-1:
  title: 一份通知
  day: 2023-03-12
  issuer: 某公安机关
"""
HEAD = """name: letter
meaning: whether a letter is signed
keys: [item, residence, band]
fields: {required: flag, version: text_or_null}
rows:
"""
ROW = """  - for: {residence: "44"}
    rule: [R060]
    values:
"""
GOOD = HEAD + ROW + "      - {from: 2023-03-12, source: notice-1, value: {required: false, version: null}}\n"


def load(folder: Path, text: str, sources: str = SOURCES) -> None:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "sources.yaml").write_text(sources, encoding="utf-8")
    (folder / "rules" / "letter.yaml").write_text(text, encoding="utf-8")
    load_rulebook(folder)


def complaint(folder: Path, text: str, sources: str = SOURCES) -> str:
    with pytest.raises(BrokenRules) as caught:
        load(folder, text, sources)
    return str(caught.value)


def value(text: str) -> str:
    return HEAD + ROW + f"      - {text}\n"


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (value("{source: notice-1, value: {required: false, version: null}}"), "letter.yaml:9: a value needs the day"),
        (value("{from: soon, source: notice-1, value: null}"), "letter.yaml:9: a value needs the day"),
        (
            value("{from: 2023-03-12, value: {required: false, version: null}}"),
            "letter.yaml:9: a value needs a known source",
        ),
        (value("{from: 2023-03-12, source: hearsay, value: null}"), "letter.yaml:9: a value needs a known source"),
        (value("{from: 2023-03-12, source: notice-1}"), "letter.yaml:9: a value needs a value"),
        (value("{from: 2023-03-12, source: notice-1, value: {required: false}}"), "letter.yaml:9: a value has exactly"),
        (
            value("{from: 2023-03-12, source: notice-1, value: {required: 1, version: null}}"),
            "the field required isn't a flag",
        ),
        (
            value("{from: 2023-03-12, source: notice-1, value: {required: null, version: null}}"),
            "the field required isn't a",
        ),
        (
            value("{from: 2023-03-12, until: 2023-03-11, source: notice-1, value: null}"),
            "until is a day not before from",
        ),
        (value("{from: 2023-03-12, source: notice-1, value: null, valeu: 1}"), "letter.yaml:9: unknown words: valeu"),
        (GOOD.replace('"44"', '"4499"'), "letter.yaml:6: unknown place: 4499"),
        (GOOD.replace('"44"', '["44", "Narnia"]'), "letter.yaml:6: unknown place: Narnia"),
        (GOOD.replace("{residence:", "{item: passport, residence:"), "letter.yaml:6: unknown item: passport"),
        (GOOD.replace("{residence:", "{household:"), "letter.yaml:6: the rule isn't keyed by household"),
        (GOOD.replace("    rule: [R060]\n", ""), "letter.yaml:6: a row names the requirements"),
        (GOOD.replace("[R060]", "[nobody]"), "letter.yaml:6: a row names the requirements"),
        (GOOD.replace("flag", "boolean"), "letter.yaml:1: the field required is of the unknown kind boolean"),
        (GOOD.replace("name: letter\n", ""), "letter.yaml:1: a rule needs a name and a meaning"),
        (HEAD, "letter.yaml:1: rows is a list"),
        ("[]", "letter.yaml:1: a rule file is a mapping"),
        ("", "letter.yaml:1: a rule file is a mapping"),
        (GOOD + "      - {from: [\n", "letter.yaml:1"),
        (GOOD.replace("keys:", "name: twice\nkeys:"), "letter.yaml:3: not readable: 'name' stands twice"),
        (GOOD.replace("2023-03-12", "2023-02-30"), "letter.yaml:"),
        (GOOD.replace("[item, residence, band]", "[item, residense]"), "letter.yaml:1: unknown keys: residense"),
        (GOOD.replace("flag", "[soon, later]"), "letter.yaml:9: the field required isn't one of"),
        (GOOD.replace("required: flag", "required: [true, null]"), "the field required isn't one of True, None"),
        (GOOD[: len(GOOD) // 2], "letter.yaml:"),
    ],
)
def test_a_broken_file_is_refused_with_file_line_and_reason(tmp_path: Path, text: str, says: str) -> None:
    assert says in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("from: 2023-03-12", "from: 2023-03-12"),
        ("from: 2023-03-12", "from: 2022-01-01"),
        ("from: 2023-03-12, until: 2023-05-01", "from: 2023-05-01"),
    ],
)
def test_overlapping_days_are_refused_and_both_lines_named(tmp_path: Path, first: str, second: str) -> None:
    rest = "source: notice-1, value: {required: false, version: null}}\n"
    text = HEAD + ROW + f"      - {{{first}, {rest}      - {{{second}, {rest}"
    assert complaint(tmp_path, text) == "letter.yaml:10: its days overlap those of letter.yaml:9"


def test_a_row_that_selects_the_same_is_refused(tmp_path: Path) -> None:
    again = GOOD + GOOD.removeprefix(HEAD).replace('"44"', '"440000"')
    assert "letter.yaml:10: selects the same as letter.yaml:6" in complaint(tmp_path, again)


def test_a_rule_stands_in_one_file_only(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "rules" / "other.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(BrokenRules, match=r"other\.yaml:1: the rule letter stands in another file"):
        load_rulebook(tmp_path)


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ("notice-1: {issuer: 某公安机关}", "sources.yaml:1: the source notice-1 needs a title"),
        ("notice-1: {title: 一份通知, issuer: 某公安机关, day: 不明}", "sources.yaml:1: the day of the source"),
        ("notice-1: {title: 一份通知, issuer: 某公安机关, author: 某}", "sources.yaml:1: unknown words"),
        ("notice-1: 一份通知", "sources.yaml:1: the source notice-1 has no facts"),
        (
            "notice-1: {title: 一份通知, issuer: 某, reliability: rumour}",
            "sources.yaml:1: the source notice-1 is primary",
        ),
    ],
)
def test_a_source_without_its_facts_is_refused(tmp_path: Path, sources: str, says: str) -> None:
    assert says in complaint(tmp_path, GOOD, sources)


def asked_for() -> set[str]:
    """Every rule the program asks for by name."""
    rooms = (HOME / "domain", HOME / "casework")
    sources = [path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py")]
    asking = re.compile(r'\.(?:need|find|all|opens_on)\(\s*"(\w+)"')
    return {name for text in sources for name in asking.findall(text)}


def test_half_a_rulebook_is_no_rulebook(tmp_path: Path) -> None:
    policy = HOME / "domain/policy"
    shutil.copytree(policy / "rules", tmp_path / "rules")
    shutil.copy(policy / "sources.yaml", tmp_path)
    assert load_rulebook(tmp_path, NEEDED).rules.keys() == NEEDED
    (tmp_path / "rules/block.yaml").unlink()
    with pytest.raises(BrokenRules, match="half a rulebook, without block"):
        load_rulebook(tmp_path, NEEDED)


def test_every_rule_the_program_asks_for_is_needed() -> None:
    assert asked_for() - NEEDED == set()
    assert len(asked_for()) > 15


@pytest.mark.parametrize("command", ["serve", "check", "guide"])
def test_no_command_starts_with_a_broken_rule_file(tmp_path: Path, command: str) -> None:
    """The whole program, with one day missing in one file: it stops and names file, line and reason."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "var", "tests", "docs", "build", "journey-out")
    shutil.copytree(HOME, tmp_path / "house", ignore=left_out)
    fee = tmp_path / "house/domain/policy/rules/fee.yaml"
    text = fee.read_text(encoding="utf-8")
    line = text[: text.index("from: ")].count("\n") + 1
    fee.write_text(text.replace("from: 2018-04-01, ", "", 1), encoding="utf-8")
    settings = {"TONGBAN_VAR": str(tmp_path / "var"), "TONGBAN_PORT": "0", "TONGBAN_CONSOLE_PORT": "0"}
    settings |= {"TONGBAN_SANDBOX_PORT": "0", "TONGBAN_SMS_SANDBOX_PORT": "0"}
    asked = ["--item", "first-id-card", "--household", "36", "--residence", "44", "--birth", "2000-01-01"]
    arguments = [sys.executable, "run.py", command, *(asked if command == "guide" else [])]
    ran = subprocess.run(
        arguments, cwd=tmp_path / "house", env=settings, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert f"fee.yaml:{line}: a value needs the day it begins (from)" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_yaml_can_not_run_anything(tmp_path: Path) -> None:
    assert "not readable" in complaint(tmp_path, GOOD.replace("text_or_null", "!!python/name:os.system"))
