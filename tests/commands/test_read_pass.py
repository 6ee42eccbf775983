"""``run.py read-pass``: offline, without settings and database; a clear sentence for the clerk, never a traceback."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.read_pass import Tools, main
from domain.handoff import new_code
from domain.offline_pass import FIELDS
from domain.pass_text import split_text
from gateways.pass_envelope import PassIssuer
from gateways.pass_keys import PassKeyUnusableError, open_reader
from gateways.qr_pictures import codes_in
from gateways.used_passes import UsedPassFile
from templates.qr import qr_png
from templates.refusals import refusal_text
from tests.passes import (
    ADULT,
    ISSUER,
    MINOR,
    MORNING,
    STATION,
    a_pass,
    a_text,
    eddsa_key,
    es256_key,
    private_pem,
    public_pem,
    station_key,
)

HOME = Path(__file__).parents[2]


@dataclass
class Clock:
    at: datetime = MORNING

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        return json.loads(self.out)

    def refused(self, code: str) -> bool:
        """The clerk reads why and what to do; a program reads nothing."""
        words = refusal_text(code, {})
        told = (code in self.err, words.title in self.err, words.advice in self.err, "Traceback" not in self.err)
        return (self.code, self.out) == (1, "") and all(told)


@dataclass
class Station:
    """A machine at a station: its folder with the keys, its clock."""

    folder: Path
    clock: Clock

    def read(self, *words: str, stdin: str = "", keys: bool = True) -> Ran:
        tools = Tools(open_reader, UsedPassFile, codes_in, self.clock, PassKeyUnusableError)
        own = ["--key", str(self.folder / "station.pem"), "--issuers", str(self.folder / "issuers.pem")] if keys else []
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            used = ["--used", str(self.folder / "used.txt")]
            code = main([*words, *own, *used], tools, io.StringIO(stdin))
        return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def station(tmp_path: Path) -> Station:
    (tmp_path / "station.pem").write_bytes(private_pem(STATION))
    (tmp_path / "issuers.pem").write_bytes(ISSUER.trust)
    return Station(tmp_path, Clock())


def test_a_pass_from_the_scanner_becomes_json(station: Station) -> None:
    ran = station.read(stdin=a_text() + "\n")
    assert ran.code == 0, ran.err
    assert ran.facts["format"] == "TB1"
    assert ran.facts["case"]["name"] == MINOR["name"]
    assert ran.facts["case"]["birth_date"] == "2017-06-12"
    assert ran.facts["case"]["visit_starts_at"] == "2026-09-18T15:00:00+08:00"
    assert ran.facts["pass"]["point"] == "T-JJ"
    assert ran.facts["pass"]["read_before"] is None
    assert set(ran.facts["case"]) == set(MINOR)


def test_xml_and_lines_say_the_same(station: Station) -> None:
    facts = station.read(stdin=a_text()).facts["case"]
    tree = ElementTree.fromstring(station.read("--again", "--to", "xml", stdin=a_text()).out)
    case = tree.find("case")
    assert case is not None
    assert {element.tag for element in case} == set(facts)
    assert case.findtext("name") == facts["name"]
    assert [item.text for item in case.iterfind("materials/item")] == facts["materials"]
    lines = dict(
        line.split("=", 1) for line in station.read("--again", "--to", "lines", stdin=a_text()).out.splitlines()
    )
    assert lines["case.materials"] == ",".join(facts["materials"])
    assert lines["case.collective_household"] == "false"


def test_a_fact_never_breaks_the_form_it_is_written_in(station: Station) -> None:
    odd = a_text(a_pass({**ADULT, "name": '<甲>&"\n\x0b=乙\u202e'}))
    for form in ("json", "xml", "lines"):
        ran = station.read("--again", "--to", form, stdin=odd)
        assert ran.code == 0
        if form == "xml":
            assert ElementTree.fromstring(ran.out).findtext("case/name") == '<甲>&" =乙'
        if form == "lines":
            assert 'case.name=<甲>&" =乙\n' in ran.out


def test_parts_are_asked_for_until_the_pass_is_whole(station: Station) -> None:
    parts = split_text(a_text(), 400)
    ran = station.read(stdin="".join(f"{part}\n" for part in (parts[2], parts[0], parts[0], parts[1])) + "unread\n")
    assert ran.code == 0
    assert "还差第1、2段" in ran.err
    assert station.read(stdin=f"{parts[0]}\n").refused("pass_parts_missing")


def test_pictures_and_text_files_are_read(station: Station) -> None:
    parts = split_text(a_text(), 600)
    files = [station.folder / f"part-{number}.png" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        file.write_bytes(qr_png(part))
    assert station.read(*map(str, files)).facts["case"]["name"] == MINOR["name"]
    text = station.folder / "pass.txt"
    text.write_text("\ufeff" + a_text() + "\r\n\r\n", encoding="utf-8")
    assert station.read("--again", str(text)).code == 0
    assert station.read(str(files[0])).refused("pass_parts_missing")


def test_a_pass_is_read_once_and_the_list_is_kept(station: Station) -> None:
    assert station.read(stdin=a_text()).code == 0
    again = station.read(stdin=a_text())
    assert again.refused("pass_used")
    assert "2026年9月18日 09:30" in again.err
    seen = station.read("--again", stdin=a_text())
    assert seen.facts["pass"]["read_before"] == "2026-09-18T09:30:00+08:00"


def test_a_refused_pass_is_not_put_on_the_list(station: Station) -> None:
    station.clock.at = MORNING - timedelta(days=1)
    assert station.read(stdin=a_text()).refused("pass_not_yet")
    station.clock.at = MORNING
    assert station.read(stdin=a_text()).code == 0


def test_the_clocks_tolerance_is_what_was_stated(station: Station) -> None:
    station.clock.at = a_pass().valid_from - timedelta(minutes=10)
    assert station.read(stdin=a_text()).refused("pass_not_yet")
    assert station.read("--tolerance", "15", stdin=a_text()).code == 0
    with pytest.raises(SystemExit):
        station.read("--tolerance", "61", stdin=a_text())


def bad_inputs() -> Iterator[tuple[str, str, Callable[[], str]]]:
    text, parts, others = a_text(), split_text(a_text(), 400), split_text(a_text(a_pass(id=b"\x08" * 16)), 400)
    yield "tampered", "pass_damaged", lambda: text[:500] + ("0" if text[500] != "0" else "1") + text[501:]
    yield "truncated", "pass_damaged", lambda: text[:-7]
    yield "expired", "pass_expired", lambda: a_text(a_pass(expires_at=MORNING - timedelta(minutes=6)))
    yield "not yet", "pass_not_yet", lambda: a_text(a_pass(valid_from=MORNING + timedelta(minutes=6)))
    yield "other station", "pass_other_station", lambda: a_text(to=station_key(2))
    yield "unknown issuer", "pass_issuer_unknown", lambda: a_text(issuer=PassIssuer(eddsa_key(5)))
    yield (
        "other vendor's code",
        "pass_foreign",
        lambda: "HC1:6BFOXN%TS3DH0YOJ58S S-W5HDC *M0II5XHC9",
    )
    yield "a web address", "pass_foreign", lambda: "https://example.org/health?id=1"
    yield "the online code", "pass_is_code", lambda: new_code(b"\x01" * 16)
    yield "5 MB paste", "pass_too_long", lambda: "TB1:" + "A" * 5_000_000
    yield "5 MB of something", "pass_too_long", lambda: "垃圾" * 2_500_000
    yield "nothing", "pass_foreign", lambda: ""
    yield "truncated part", "pass_damaged", lambda: "\n".join((parts[0], parts[1][:-30], parts[2]))
    yield "two passes mixed", "pass_parts_mixed", lambda: "\n".join((parts[0], others[1], parts[2]))
    yield "two passes", "pass_parts_mixed", lambda: "\n".join((parts[0], a_text(), parts[2]))


@pytest.mark.parametrize(("code", "make"), [pytest.param(c, m, id=name) for name, c, m in bad_inputs()])
@pytest.mark.parametrize("from_file", [False, True], ids=["scanner", "file"])
def test_bad_input_is_refused_in_words_a_clerk_understands(
    code: str, make: Callable[[], str], station: Station, *, from_file: bool
) -> None:
    if not from_file:
        assert station.read(stdin=make()).refused(code)
        return
    file = station.folder / "scanned.txt"
    file.write_text(make(), encoding="utf-8")
    assert station.read(str(file)).refused(code)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.png", b"no picture", "picture_unreadable"), ("a.jpg", b"", "picture_unreadable")],
)
def test_a_bad_picture_is_told_so(name: str, content: bytes, code: str, station: Station) -> None:
    (station.folder / name).write_bytes(content)
    assert station.read(str(station.folder / name)).refused(code)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=80) | st.from_regex(r"TB1[:.][0-9A-Z $.:]{0,60}", fullmatch=True), max_size=5))
def test_whatever_is_scanned_ends_in_a_refusal(station: Station, lines: list[str]) -> None:
    ran = station.read(stdin="\n".join(lines))
    assert (ran.code, ran.out) == (1, "")


# --- keys


def test_old_and_new_keys_are_good_side_by_side(station: Station) -> None:
    newer = station.folder / "newer.pem"
    newer.write_bytes(private_pem(station_key(2)))
    issuers = ISSUER.trust + public_pem(eddsa_key().public_key())
    (station.folder / "issuers.pem").write_bytes(issuers)
    text = a_text(issuer=PassIssuer(eddsa_key()), to=station_key(2))
    assert station.read(stdin=text).refused("pass_other_station")
    assert station.read("--key", str(newer), stdin=text).code == 0


@pytest.mark.parametrize(
    "wrong",
    [b"", b"-----BEGIN", public_pem(STATION.public_key()), private_pem(es256_key()), b"\xff" * 99],
    ids=range(5),
)
def test_a_file_that_holds_no_key_of_a_station_is_said(wrong: bytes, station: Station) -> None:
    (station.folder / "station.pem").write_bytes(wrong)
    ran = station.read(stdin=a_text())
    assert (ran.code, ran.out) == (2, "")
    assert "密钥" in ran.err


def test_missing_files_and_missing_keys_are_said(station: Station) -> None:
    for words, keys in ((["nowhere.txt"], True), ([], False)):
        ran = station.read(*words, keys=keys)
        assert (ran.code, ran.out) == (2, "")


# --- as started by a person


def run(*words: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")}
    return subprocess.run(
        [sys.executable, str(HOME / "run.py"), *words], cwd=cwd, env=kept, input=stdin, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_a_station_makes_its_key_and_reads_a_pass_with_nothing_else_installed(tmp_path: Path) -> None:
    made = run("pass-keys", "make-station", "own.pem", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "own.pem").stat().st_mode & 0o077 == 0
    assert b"PRIVATE" not in (tmp_path / "own.pub").read_bytes()
    assert run("pass-keys", "make-station", "own.pem", cwd=tmp_path).returncode == 2
    (tmp_path / "issuers.pem").write_bytes(ISSUER.trust)
    ran = run("read-pass", "--key", "own.pem", "--issuers", "issuers.pem", cwd=tmp_path, stdin=a_text())
    assert ran.returncode == 1
    assert "pass_other_station" in ran.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"own.pem", "own.pub", "issuers.pem"}


def test_every_field_stands_in_the_document_that_other_vendors_read() -> None:
    document = (HOME / "docs/handoff-format.md").read_text(encoding="utf-8")
    for field in FIELDS:
        assert f"| {field.key} | `{field.name}` | {field.kind} |" in document
        assert all(f"{place} `{word}`" in document for place, word in enumerate(field.words, start=1)), field.name
