"""Each thing is said in one place: the environment, the clock, the sign over every room; and nothing grows too long."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.plan import HOME, ROOMS, calls, dotted, packages, place, project_files, python_files, tree_of

ENVIRONMENT = {"os.environ", "os.getenv", "os.environb", "os.putenv", "environ"}
MAY_READ_THE_ENVIRONMENT = {"run.py", "casework/settings.py"}
TELLS_THE_TIME = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "time.strftime",
}  # fmt: skip
MAY_TELL_THE_TIME = {
    "run.py",  # the one Clock is made there
}
LONGEST_FILE, LONGEST_FUNCTION = 420, 60
LONGEST_TEST_FILE, LONGEST_TEST = 480, 70  # a test file tells one thing case by case
LONGER_FILES = {
    "run.py": (550, "the one place where rooms are joined; the joining is told in one piece"),
    "domain/terms.py": (500, "the glossary as code: one flat list of the words of the field"),
    "models/migrations/0001_ground.py": (700, "the tables as they were on the first day; a migration is never edited"),
}


def test_the_environment_is_read_in_one_place() -> None:
    readers = {place(path) for path in python_files(*ROOMS, "run.py") if _says(path, ENVIRONMENT)}
    assert readers <= MAY_READ_THE_ENVIRONMENT


def test_only_the_clock_of_the_entry_point_tells_the_time() -> None:
    told = {place(path, node) for path in python_files(*ROOMS, "run.py") for node in _saying(path, TELLS_THE_TIME)}
    assert {where for where in told if where.partition(":")[0] not in MAY_TELL_THE_TIME} == set()


@pytest.mark.parametrize("said", ["from datetime import datetime as d\nd.now()", "import time as t\nt.time()"])
def test_another_name_does_not_hide_a_clock(said: str, tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(said, encoding="utf-8")
    assert list(_saying(planted, TELLS_THE_TIME))


def test_nobody_imports_the_entry_point() -> None:
    importers = {place(path, node) for path in python_files(*ROOMS) for node in _imports(path) if "run" in _names(node)}
    assert importers == set()


def test_every_package_of_a_room_opens_with_its_sign() -> None:
    unsigned = [place(path) for path in packages() if not ast.get_docstring(tree_of(path))]
    assert [where for where in unsigned if where.split("/")[0] in ROOMS] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_sign_of_a_room_says_what_may_be_imported_and_what_is_never_said(room: str) -> None:
    sign = ast.get_docstring(tree_of(HOME / room / "__init__.py")) or ""
    assert "May import" in sign
    assert "Never said here" in sign


def test_nothing_stands_at_the_top_without_a_reason() -> None:
    top = {path.relative_to(HOME).parts[0] for path in project_files()}
    known = {*ROOMS, "tests", "run.py", "pyproject.toml", "docs", "benchmarks", "CHANGELOG.md", "LICENSE"}
    files = {name for name in top if name.startswith((".", "README", "requirements")) or name.endswith(".lock")}
    assert top - known - files - {"Dockerfile", "compose.yaml", "deploy", "schemas"} == set()


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [place(path) for path in python_files() if path.stem in drawers or path.parent.name in drawers] == []


def test_no_file_grows_too_long() -> None:
    long = {place(path): _lines(path) for path in python_files() if _lines(path) > _allowed(path)}
    assert long == {}


def test_an_exception_for_a_long_file_is_still_needed() -> None:
    assert [name for name in LONGER_FILES if _lines(HOME / name) <= LONGEST_FILE] == []


def test_no_function_grows_too_long() -> None:
    functions = [(path, function) for path in python_files() for function in _functions(path)]
    limits = {path: LONGEST_TEST if _test(path) else LONGEST_FUNCTION for path, _ in functions}
    assert {place(path, f): _length(f) for path, f in functions if _length(f) > limits[path]} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [place(path) for path in python_files(*ROOMS, "run.py") if not ast.get_docstring(tree_of(path))]
    assert [where for where in silent if "/migrations/" not in where] == []


def test_nothing_is_done_at_import_time() -> None:
    """No network, file or database is opened by importing: no call of such a thing at the top of a module."""
    openers = {"open", "connect", "run", "create_task", "get_event_loop", "Thread", "ClientSession", "load_rulebook"}
    done = {
        place(path, call)
        for path in python_files(*ROOMS)
        for statement in tree_of(path).body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If)
        for call in calls(statement, *openers)
    }
    assert done == set()


def _says(path: Path, names: set[str]) -> bool:
    return any(True for _ in _saying(path, names))


def _saying(path: Path, names: set[str]) -> Iterator[ast.expr]:
    """Where a file says one of some dotted names, whatever it was renamed to when it was imported."""
    tree = tree_of(path)
    real = {alias.asname: alias.name for node in _imports(path) for alias in node.names if alias.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, dot, rest = dotted(node).partition(".")
            full = f"{real.get(first, first)}{dot}{rest}"
            if full in names or full.removeprefix("datetime.") in names:
                yield node


def _imports(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Import | ast.ImportFrom))


def _names(node: ast.Import | ast.ImportFrom) -> set[str | None]:
    return {node.module} if isinstance(node, ast.ImportFrom) else {alias.name for alias in node.names}


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _allowed(path: Path) -> int:
    return LONGER_FILES.get(place(path), (LONGEST_TEST_FILE if _test(path) else LONGEST_FILE, ""))[0]


def _test(path: Path) -> bool:
    return place(path).startswith("tests/")
