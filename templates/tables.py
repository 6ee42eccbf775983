"""Tables to take away: CSV for everybody, XLSX for Excel; row by row, so that none is too long (R180)."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

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
    """An XLSX file that goes out while it is written: take what is there after each ``add``. A full sheet is followed
    by another. Text stands in the cells as text, never as a formula or a link."""

    def __init__(self, title: str, heads: Sequence[str]) -> None:
        self._title, self._heads = _NOT_IN_A_NAME.sub("", title)[:24], heads
        self._out = _Outgoing()
        self._book = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheets = 0
        self._next_sheet()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows."""
        lines: list[str] = []
        for row in rows:
            if self._rows > _ROWS_OF_A_SHEET:
                self._write(lines)
                self._end_sheet()
                self._next_sheet()
                lines = []
            lines.append(_row(row))
            self._rows += 1
        self._write(lines)

    def take(self) -> bytes:
        """What was written since the last time."""
        return self._out.take()

    def close(self) -> None:
        """End the file; what is left is taken after it."""
        self._end_sheet()
        for name, text in _frame(self._title, self._sheets).items():
            self._book.writestr(name, _XML + text)
        self._book.close()

    def _next_sheet(self) -> None:
        self._sheets += 1
        name = f"xl/worksheets/sheet{self._sheets}.xml"
        self._sheet = self._book.open(name, "w", force_zip64=True)
        columns = f'<cols><col min="1" max="{len(self._heads)}" width="18" customWidth="1"/></cols>'
        self._write([_XML, f'<worksheet xmlns="{_MAIN}">', _FROZEN_HEAD, columns, "<sheetData>"])
        self._write([_row(self._heads, style=' s="2"')])
        self._rows = 1

    def _end_sheet(self) -> None:
        self._write(["</sheetData></worksheet>"])
        self._sheet.close()

    def _write(self, parts: Sequence[str]) -> None:
        self._sheet.write("".join(parts).encode())


class _Outgoing(io.RawIOBase):
    """A file nobody can go back in: what is written waits to be taken."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        """Everything that waits."""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_LEVEL = 1  # a table of a million rows shrinks to a quarter even so, in a third of the time
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY_ZERO = date(1899, 12, 30)  # days are counted from here in a spreadsheet
_FROZEN_HEAD = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
    'state="frozen"/></sheetView></sheetViews>'
)
_STYLES = (  # plain, a day, a head
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/>'
    '</font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
    'patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/>'
    "</cellXfs></styleSheet>"
)


def _frame(title: str, sheets: int) -> Mapping[str, str]:
    """The parts around the sheets, by their names."""
    numbers = range(1, sheets + 1)
    named = "".join(f'<sheet name="{escape(title)}{n if n > 1 else ""}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    typed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_PART}.worksheet+xml"/>' for n in numbers
    )
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{_PART}.sheet.main+xml"/><Override PartName="/xl/styles.xml" '
            f'ContentType="{_PART}.styles+xml"/>{typed}</Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets>{named}</sheets></workbook>'),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship Id="rId{sheets + 1}" '
            f'Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": _STYLES,
    }


def _row(row: Sequence[Cell], style: str = "") -> str:
    return f"<row>{''.join([_cell(cell, style) for cell in row])}</row>"


def _cell(cell: Cell, style: str) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, str):
        text = escape(_NOT_IN_XML.sub("", cell))
        return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(cell, date):
        return f'<c s="1"><v>{(cell - _DAY_ZERO).days}</v></c>'
    return f"<c{style}><v>{cell}</v></c>"


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
    return "" if cell is None else str(cell)
