"""``return-slip``: the QR code a counter prints for the citizen to carry back; no network, no database, only a key."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.case_number import check_acceptance_number, check_case_number
from domain.refusal import Refusal
from domain.return_slip import ID_BYTES, ReturnSlip, claims_of
from templates.qr import qr_png
from templates.refusals import refusal_text

Seal = Callable[[dict[int, Any], str, bytes], str]


@dataclass(frozen=True)
class Tools:
    """What the command is given: how a slip is sealed (claims, key id, private key as PEM), time, and chance."""

    seal: Seal
    now: datetime
    token: Callable[[int], bytes]


def main(words: Sequence[str], tools: Tools) -> int:
    """Print the text of a slip and, where asked for, its QR code: 0 when it is made, 2 when it can't be."""
    asked = _parser().parse_args(words)
    try:
        text = tools.seal(claims_of(_slip(asked, tools)), asked.key_id, asked.key.read_bytes())
        if asked.png:
            asked.png.write_bytes(qr_png(text))
    except Refusal as refusal:
        print(refusal_text(refusal.code, refusal.facts, audience="counter").detail, file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"The slip can't be made: {error}", file=sys.stderr)
        return 2
    print(text)
    return 0


def _slip(asked: argparse.Namespace, tools: Tools) -> ReturnSlip:
    return ReturnSlip(
        id=tools.token(ID_BYTES),
        accepted_at=tools.now,
        expires_at=tools.now + timedelta(days=asked.days),
        case_number=check_case_number(asked.case),
        acceptance_number=check_acceptance_number(asked.acceptance_number),
        slip_number=asked.slip_number.strip(),
        officer=asked.officer.strip(),
        unit=asked.unit.strip(),
        guardian_present=asked.guardian_present,
        same_frame_photo=asked.same_frame_photo,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run.py return-slip", description="Make the slip that a citizen carries back."
    )
    parser.add_argument("--key", type=Path, required=True, metavar="PEM", help="the station's private P-256 key")
    parser.add_argument("--key-id", required=True, help="the id its public half is registered under")
    parser.add_argument("--case", required=True, metavar="NUMBER", help="our number of the case, as the pass says it")
    parser.add_argument("--acceptance-number", required=True, help="受理号")
    parser.add_argument("--slip-number", required=True, help="领证回执号")
    parser.add_argument("--officer", required=True, help="the officer's id at the station, never a name")
    parser.add_argument("--unit", required=True, help="the unit that accepted")
    parser.add_argument("--guardian-present", action="store_true", help="under 16: the guardian was there")
    parser.add_argument("--same-frame-photo", action="store_true", help="under 16: the same-frame picture was taken")
    parser.add_argument("--days", type=int, default=30, help="how long the slip is good (%(default)s)")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the QR code there")
    return parser
