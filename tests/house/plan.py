"""The house as files: which there are, and what stands in them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HOME = Path(__file__).parents[2]
ROOMS = (
    "bot",
    "casework",
    "commands",
    "counter",
    "domain",
    "gateways",
    "miniapp_api",
    "models",
    "templates",
    "workers",
)
_NOT_OURS = {".git", ".venv", ".hypothesis", ".import_linter_cache", "__pycache__", "build", "var", "journey-out"}


@cache
def project_files() -> tuple[Path, ...]:
    """Everything that is kept under version control or would be; all files where there is no git."""
    if (HOME / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=HOME, capture_output=True, check=True).stdout.decode()
        return tuple(HOME / name for name in sorted(listed.split("\0")) if name and (HOME / name).is_file())
    return tuple(sorted(path for path in HOME.rglob("*") if path.is_file() and not _NOT_OURS & set(path.parts)))


def python_files(*rooms: str) -> list[Path]:
    """The Python files of some rooms (``run.py`` counts as one), or of the whole project."""
    found = [path for path in project_files() if path.suffix == ".py"]
    return [path for path in found if not rooms or path.relative_to(HOME).parts[0] in rooms]


def packages() -> list[Path]:
    """Every package, by its ``__init__.py``."""
    return [path for path in python_files() if path.name == "__init__.py"]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    """``casework/book.py:12``."""
    name = path.relative_to(HOME).as_posix()
    return f"{name}:{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else name


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of functions by their last name: ``Refusal(…)`` and ``refusal.Refusal(…)`` alike."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in names:
            yield node


def dotted(node: ast.AST) -> str:
    """``datetime.now`` for an attribute of a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""
