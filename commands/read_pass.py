"""``read-pass``: an offline pass, read at the station without network, database or settings; or the page that does it.

Text, pictures or a scanner on standard input → JSON, XML or key-value lines for import. What a clerk reads goes to
standard error, what a program reads to standard output.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from casework.ports import Clock, PassOpener, UsedPasses
from casework.read_pass import PassReading, ReadingDesk, read_pass
from domain.offline_pass import TOLERANCE
from domain.pass_text import LONGEST, MOST_PARTS
from domain.refusal import Refusal
from templates.pass_export import as_json, as_lines, as_xml, pass_facts
from templates.pass_page import pass_page
from templates.refusals import refusal_text

REFUSED, UNREADABLE = 1, 2
_TO = {"json": as_json, "xml": as_xml, "lines": as_lines}
_LARGEST_FILE = 10 * 1024 * 1024
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})


@dataclass(frozen=True)
class Tools:
    """What the command is given: keys from PEM (station's, issuers'), the list of used passes, pictures, the clock.

    ``unusable`` is what ``opener`` raises for files that hold no such keys.
    """

    opener: Callable[[bytes, bytes], PassOpener]
    used: Callable[[Path], UsedPasses]
    codes_in: Callable[[bytes], tuple[str, ...]]
    clock: Clock
    unusable: type[Exception]


def main(words: Sequence[str], tools: Tools, stdin: TextIO) -> int:
    """Read one pass: 0 and its content, 1 when it is refused, 2 when keys or files can't be used.

    With ``--page`` nothing is read: the page is written.
    """
    asked = _parser().parse_args(words)
    try:
        if asked.page:
            asked.page.write_text(pass_page(_issuers(asked)), encoding="utf-8")
            print(f"离线读取页面已写到 {asked.page}，用浏览器打开即可，不需要联网。", file=sys.stderr)
            return 0
        reading = _read(asked, tools, stdin)
    except Refusal as refusal:
        text = refusal_text(refusal.code, refusal.facts, audience="counter")
        print(f"{text.title}（{text.code}）\n{text.detail}\n{text.advice}", file=sys.stderr)
        return REFUSED
    except (OSError, tools.unusable) as error:
        print(f"密钥、名单或要读的文件不能使用，请核对路径和内容：{error}", file=sys.stderr)
        return UNREADABLE
    sys.stdout.write(_TO[asked.to](_facts(reading)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run.py read-pass", description="Read an offline pass (TB1:…) with the station's key, without a network."
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="pictures or text; none: standard input")
    parser.add_argument(
        "--key", type=Path, action="append", metavar="PEM", help="the station's private key; repeatable"
    )
    parser.add_argument("--issuers", type=Path, metavar="PEM", help="public keys of the issuers to trust")
    parser.add_argument("--to", choices=sorted(_TO), default="json", help="what is written (%(default)s)")
    parser.add_argument(
        "--used", type=Path, default=Path("used-passes.txt"), metavar="FILE", help="list of used passes (%(default)s)"
    )
    parser.add_argument("--again", action="store_true", help="show a pass that was read here before")
    parser.add_argument(
        "--tolerance", type=_minutes, default=TOLERANCE, metavar="MINUTES",
        help=f"how far this clock may be off, 0 to 60 ({TOLERANCE.seconds // 60})",
    )  # fmt: skip
    parser.add_argument("--page", type=Path, metavar="OUT.html", help="write the page that reads passes in a browser")
    return parser


def _minutes(text: str) -> timedelta:
    if not text.isdecimal() or int(text) > 60:
        raise argparse.ArgumentTypeError("from 0 to 60 minutes")
    return timedelta(minutes=int(text))


def _issuers(asked: argparse.Namespace) -> str:
    return str(asked.issuers.read_text(encoding="ascii", errors="replace")) if asked.issuers else ""


def _read(asked: argparse.Namespace, tools: Tools, stdin: TextIO) -> PassReading:
    if not asked.key or not asked.issuers:
        raise OSError("--key, --issuers")
    keys = b"\n".join(path.read_bytes() for path in asked.key)
    opener = tools.opener(keys, asked.issuers.read_bytes())
    desk = ReadingDesk(opener, tools.used(asked.used), tools.clock, asked.tolerance)
    if asked.files:
        return read_pass(desk, _texts(asked.files, tools.codes_in), again=asked.again)
    return _scanned(desk, stdin, again=asked.again)


def _texts(files: Iterable[Path], codes_in: Callable[[bytes], tuple[str, ...]]) -> list[str]:
    found: list[str] = []
    for file in files:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_FILE + 1)
        if file.suffix.lower() in _PICTURES:
            found += codes_in(content)
        elif len(content) > LONGEST * MOST_PARTS:
            raise Refusal("pass_too_long")
        else:
            found += [line for line in content.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    return found


def _scanned(desk: ReadingDesk, stdin: TextIO, *, again: bool) -> PassReading:
    """One line per code, until a pass is whole: a clerk scans its parts one after the other."""
    lines: list[str] = []
    while line := stdin.readline(LONGEST + 2):
        lines += [line] if line.strip() else []
        try:
            return read_pass(desk, lines, again=again)
        except Refusal as refusal:
            if not lines or refusal.code == "pass_parts_missing":
                _ask_for_more(refusal)
                continue
            raise
    return read_pass(desk, lines, again=again)


def _ask_for_more(refusal: Refusal) -> None:
    if refusal.code == "pass_parts_missing":
        text = refusal_text(refusal.code, refusal.facts, audience="counter")
        print(f"{text.detail}{text.advice}", file=sys.stderr)


def _facts(reading: PassReading) -> dict[str, Any]:
    return pass_facts(reading.given, reading.read_at, reading.read_before)
