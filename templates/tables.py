"""Tables to take away: CSV for everybody, XLSX for Excel; row by row, so that none is too long (R180)."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import xlsxwriter

Cell = str | int | float | Decimal | date | None
CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"
"""Without it Excel reads a CSV file in the encoding of the machine."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ROWS_OF_A_SHEET = 1_000_000  # Excel takes 1 048 576


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as CSV, CRLF at the end of each. Text that a spreadsheet would take for a formula is made plain text."""
    out = io.StringIO()
    csv.writer(out).writerows([[_plain(cell) for cell in row] for row in rows])
    return out.getvalue()


class Workbook:
    """An XLSX file that is written row by row and never held in memory; a full sheet is followed by another."""

    def __init__(self, path: Path, title: str, heads: Sequence[str]) -> None:
        self._book = xlsxwriter.Workbook(
            path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._book.add_format({"bold": True})
        self._title, self._heads = title, heads
        self._sheets = 0
        self._next_sheet()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows."""
        for row in rows:
            if self._at > _ROWS_OF_A_SHEET:
                self._next_sheet()
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._at += 1

    def close(self) -> None:
        """Write the file out."""
        self._book.close()

    def _next_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(f"{self._title[:24]}{self._sheets if self._sheets > 1 else ''}")
        self._sheet.set_column(0, len(self._heads) - 1, 18)
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, self._heads, self._bold)
        self._at = 1

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, date):
            self._sheet.write_datetime(self._at, column, cell, self._day)
        elif isinstance(cell, int | float | Decimal):
            self._sheet.write_number(self._at, column, cell)
        elif cell is not None:
            self._sheet.write_string(self._at, column, cell)


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
    return "" if cell is None else str(cell)
