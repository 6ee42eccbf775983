"""Documents keep up with the code, and nothing that is kept names a machine, a registry or a way of working."""

import ast
import re

import pytest

from casework.settings import load_settings
from domain.terms import NoticeKind
from tests.house.plan import HOME, place, project_files, tree_of

SETTINGS = HOME / "casework/settings.py"
DOCUMENT = HOME / "docs/settings.md"
PREFIXES = ("TONGBAN_MINIAPP", "TONGBAN_OA")
BINARY = {".png", ".jpg", ".ico", ".woff2", ".ttf", ".pdf", ".gz"}
REGISTRIES = (("pypi", "org"), ("pypi", "python"), ("pythonhosted", "org"), ("npmjs", "org"))
MACHINE_PATH = r"(?<![\w.])/(?:home|root|Users|work)/\w|[A-Za-z]:\\Users\\"
FOREIGN = re.compile("|".join([*(r"\.".join(parts) for parts in REGISTRIES), MACHINE_PATH]))


def settings_read() -> set[str]:
    """Every setting the program reads, from the source that reads them."""
    names: set[str] = set()
    for node in ast.walk(tree_of(SETTINGS)):
        match node:
            case ast.Constant(value=str(text)) if re.fullmatch(r"TONGBAN_[A-Z0-9_]+", text):
                names.add(text)
            case ast.JoinedStr():
                names |= _spelled_out(ast.unparse(node))
    return names - {*PREFIXES, "TONGBAN_TEMPLATE_", "TONGBAN_OA_TEMPLATE_"}


def _spelled_out(written: str) -> set[str]:
    ending = re.fullmatch(r"f'\{prefix\}(_[A-Z_]+)'", written)
    return {prefix + ending[1] for prefix in PREFIXES} if ending else set()


def test_the_source_names_settings_in_a_way_this_test_can_read() -> None:
    read = settings_read()
    assert {"TONGBAN_DATABASE_URL", "TONGBAN_OA_AES_KEY_PREVIOUS", "TONGBAN_MINIAPP_PUSH_MODE"} <= read
    assert len(read) >= 25


def test_every_setting_is_documented() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in sorted(settings_read()) if f"`{name}`" not in document] == []
    assert "`TONGBAN_TEMPLATE_<KIND>`" in document
    assert "`TONGBAN_OA_TEMPLATE_<KIND>`" in document


def test_no_document_speaks_of_a_setting_that_nobody_reads() -> None:
    known = settings_read() | {f"TONGBAN_TEMPLATE_{kind.upper()}" for kind in NoticeKind}
    known |= {"TONGBAN_TEMPLATE_", "TONGBAN_OA_TEMPLATE_", "TONGBAN_TEST_DATABASE_URL", "TONGBAN_TEST_REDIS_URL"}
    documents = [path for path in project_files() if path.suffix == ".md"]
    told = {(place(path), name) for path in documents for name in re.findall(r"TONGBAN_[A-Z0-9_]+", _text(path))}
    assert {(where, name) for where, name in told if name not in known} == set()


def test_no_secret_has_a_default(tmp_path: object) -> None:
    """With a real WeChat nothing is made up: every secret is asked for by name."""
    with pytest.raises(Exception, match="TONGBAN_SEAL_KEYS is missing") as refused:
        load_settings({"TONGBAN_VAR": str(tmp_path), "TONGBAN_WECHAT_BASE_URL": "https://example.org"})
    secrets = {"TONGBAN_INDEX_KEY", "TONGBAN_SMS_SECRET", "TONGBAN_SMS_URL", *(f"{p}_SECRET" for p in PREFIXES)}
    assert {name for name in secrets if f"{name} is missing" not in str(refused.value)} == set()


def test_nothing_that_is_kept_names_a_machine_or_a_registry() -> None:
    kept = [path for path in project_files() if path.suffix not in BINARY and path.name != "uv.lock"]
    assert {place(path): found[0] for path in kept if (found := FOREIGN.search(_text(path)))} == {}


def test_every_file_that_is_kept_is_utf_8_with_unix_line_ends() -> None:
    odd = [place(path) for path in project_files() if path.suffix not in BINARY and b"\r\n" in path.read_bytes()]
    assert odd == []
    for path in project_files():
        if path.suffix not in BINARY:
            _text(path)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_links_between_documents_lead_somewhere(name: str) -> None:
    readme = HOME / name
    if not readme.exists():
        pytest.skip(f"{name} is not written yet")
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", _text(readme))
    assert [link for link in links if not (HOME / link).exists()] == []


def _text(path: object) -> str:
    return HOME.joinpath(str(path)).read_text(encoding="utf-8")
