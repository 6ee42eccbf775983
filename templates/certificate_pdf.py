"""The household registration certificate and the sheets that travel for it, as files to print, seal and send."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from domain.terms import CertificateWay
from templates.press import Paper, print_paper, qr_runs
from templates.shown import day as day_text

_FILE = Path(__file__).with_name("certificates.toml")
_ROOM = 12.0  # mm left under what is filled in


@dataclass(frozen=True)
class CertificateText:
    """What stands on a certificate: who, what was asked for, what is certified, by whom, when.

    ``content`` line by line: the household station's words, or the three facts. ``household_unit``: who verified it.
    """

    way: CertificateWay
    number: str
    name: str
    identity_number: str
    matters: Sequence[str]
    content: Sequence[str]
    household_unit: str | None
    unit: str
    day: date


def certificate_title(way: CertificateWay) -> str:
    """Its name, as prescribed."""
    words = _words()[way]
    return f"{words['title']}{words['subtitle']}"


def spot_facts(name: str, identity_number: str, address: str) -> tuple[str, ...]:
    """The three facts of form 2 under their prescribed names, and nothing else (R172)."""
    words = _words()[CertificateWay.ON_THE_SPOT]
    return (f"{words['name']}：{name}", f"{words['number']}：{identity_number}", f"{words['address']}：{address}")


def print_certificate(
    certificate: CertificateText, moment: datetime, verify_text: str, font_paths: tuple[Path, ...] = ()
) -> Paper:
    """The certificate on its prescribed form, with room for the seal of paper and the code to verify it by (R167–R174).

    ``verify_text`` is an address and holds no personal data.
    """
    words = _words()[certificate.way]
    by_officer = certificate.way is CertificateWay.BY_OFFICER
    verified_by = [f"户籍地派出所：{certificate.household_unit}"] if by_officer else []
    content = {
        "title": words["title"],
        "subtitle": words["subtitle"],
        "number_name": "证明编号",
        "number": certificate.number,
        "source": words["source"],
        "rows": [
            _row(words["name"], (), (certificate.name,)),
            _row(words["number"], (), (certificate.identity_number,)),
            _row(words["matter"], (f"{words['matter_text']}：",), certificate.matters, room=_ROOM / 2, indented=True),
            _row(
                words["content"],
                (f"{words['content_text']}：",),
                (*certificate.content, *verified_by),
                room=_ROOM,
                indented=True,
            ),
        ],
        "unit_name": words["unit"],
        "unit": certificate.unit,
        "day_name": words["day"],
        "day": day_text(certificate.day),
        "note": words["note"],
        "notes": ["未加盖出具单位户口专用章的无效。", "扫码核验这份证明是否由所列单位出具：", verify_text],
    }
    return print_paper("certificate.typ", content, {"qr": qr_runs(verify_text)}, moment, font_paths)


def print_sheet(
    *,
    title: str,
    to: str,
    paragraphs: Sequence[str],
    rows: Mapping[str, str],
    unit: str,
    number: str,
    moment: datetime,
    day: date,
    notes: Sequence[str],
    font_paths: tuple[Path, ...] = (),
) -> Paper:
    """A sheet for the household station; an empty value of ``rows`` is room to write into."""
    content = {
        "title": title,
        "to": to,
        "paragraphs": list(paragraphs),
        "rows": [[name, value] for name, value in rows.items()],
        "unit": unit,
        "number_name": "预登记编号",
        "number": number,
        "day": day_text(day),
        "notes": list(notes),
    }
    return print_paper("sheet.typ", content, {}, moment, font_paths)


def _row(
    name: str, prescribed: Sequence[str], filled: Sequence[str], *, room: float = 0.0, indented: bool = False
) -> dict[str, Any]:
    return {"name": name, "prescribed": list(prescribed), "filled": list(filled), "room": room, "indented": indented}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
