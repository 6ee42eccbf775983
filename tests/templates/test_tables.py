"""Tables to take away: whatever stands in a cell, a spreadsheet takes it for text, and no table is too long."""

import csv
import io
import random
import zipfile
from datetime import date
from xml.etree import ElementTree

import pytest

from templates import tables
from templates.tables import Workbook, csv_lines


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "＝1", "=cmd|' /C calc'!A0"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_lines([[text]])))
    assert row == [f"'{text}"]
    book = Workbook("表", ["列"])
    book.add([[text]])
    book.close()
    sheet = sheets(book.take())["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in sheet
    assert ElementTree.fromstring(sheet).find(".//{*}row[2]/{*}c/{*}is/{*}t").text == text  # type: ignore[union-attr]


def test_numbers_days_and_nothing_stay_what_they_are() -> None:
    assert csv_lines([["甲", -3, 99.5, date(2026, 9, 1), None]]) == "甲,-3,99.5,2026-09-01,\r\n"


def test_a_workbook_goes_out_while_it_is_written_and_holds_what_was_put_in() -> None:
    """Names that XML knows otherwise, characters it does not know, days as days."""
    book = Workbook("表/一", ["名", "数", "日"])
    gone = book.take()
    for n in range(300):
        book.add([[f"<甲&乙>\x01{n}{random.random()}", n, date(2026, 9, 1)] for _ in range(200)])
        gone += book.take()
    early = len(gone)
    book.close()
    found = sheets(gone + book.take())
    assert early > 100_000
    row = ElementTree.fromstring(found["xl/worksheets/sheet1.xml"]).find(".//{*}row[2]")
    assert row is not None
    assert (row[0].findtext(".//{*}t") or "").startswith("<甲&乙>0")
    assert [row[1].findtext("{*}v"), row[2].findtext("{*}v")] == ["0", "46266"]
    for name, part in found.items():
        assert ElementTree.fromstring(part) is not None, name
    assert 'name="表一"' in found["xl/workbook.xml"].decode()


def test_a_full_sheet_is_followed_by_another_with_the_same_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_OF_A_SHEET", 3)
    book = Workbook("表", ["列"])
    book.add([n] for n in range(7))
    book.close()
    found = sheets(book.take())
    parts = [found[f"xl/worksheets/sheet{n}.xml"] for n in (1, 2, 3)]
    assert [part.count(b"<row>") for part in parts] == [4, 4, 2]


def sheets(file: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file)) as book:
        return {name: book.read(name) for name in book.namelist()}
