"""Tables to take away: whatever stands in a cell, a spreadsheet takes it for text, and no table is too long."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from templates import tables
from templates.tables import Workbook, csv_lines


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "＝1", "=cmd|' /C calc'!A0"])
def test_no_text_is_taken_for_a_formula(text: str, tmp_path: Path) -> None:
    (row,) = csv.reader(io.StringIO(csv_lines([[text]])))
    assert row == [f"'{text}"]
    path = tmp_path / "t.xlsx"
    book = Workbook(path, "表", ["列"])
    book.add([[text]])
    book.close()
    assert b"<f>" not in sheets(path)["xl/worksheets/sheet1.xml"]


def test_numbers_days_and_nothing_stay_what_they_are() -> None:
    assert csv_lines([["甲", -3, 99.5, date(2026, 9, 1), None]]) == "甲,-3,99.5,2026-09-01,\r\n"


def test_a_full_sheet_is_followed_by_another_with_the_same_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_ROWS_OF_A_SHEET", 3)
    path = tmp_path / "t.xlsx"
    book = Workbook(path, "表", ["列"])
    book.add([n] for n in range(7))
    book.close()
    found = sheets(path)
    parts = [found[f"xl/worksheets/sheet{n}.xml"] for n in (1, 2, 3)]
    assert [part.count(b"<row ") for part in parts] == [4, 4, 2]


def sheets(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}
