"""``sign-feed``: reports, one JSON object a line, become a signed batch for the feed folder, as a station makes it.

Without network, without database, with the station's own key.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

Sign = Callable[[Path, bytes], bytes]


def main(words: Sequence[str], sign: Sign, now: datetime) -> int:
    """Write ``STATION-BATCH.jsonl`` and its signature into the folder: 0 when they are there, 2 when they can't be.

    ``sign`` takes the file and the station's private key (PEM) and raises ValueError for a key that can't sign.
    """
    asked = _parser().parse_args(words)
    try:
        lines = [line.strip() for line in _reports(asked.reports) if line.strip()]
        print(
            write_batch(asked.folder, asked.station, asked.batch, lines, now, lambda f: sign(f, asked.key.read_bytes()))
        )
    except (OSError, ValueError) as error:
        print(f"The batch can't be made: {error}", file=sys.stderr)
        return 2
    return 0


def write_batch(
    folder: Path,
    station: str,
    name: str,
    lines: Sequence[str],
    now: datetime,
    sign: Callable[[Path], bytes],
    *,
    named: str = "",
) -> Path:
    """The file of a batch; its signature comes last, for nothing is read before that is there.

    ``name`` goes into the file's name; it is the batch's number too, unless that is ``named`` apart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    batch = named or name
    file = folder / f"{station}-{name}.jsonl"
    header = {"feed": "TBF1", "station": station, "batch": batch, "time": now.isoformat(), "count": len(lines)}
    draft = file.with_name(file.name + ".part")
    draft.write_text("".join(f"{line}\n" for line in (json.dumps(header), *lines)), encoding="utf-8", newline="\n")
    signature = sign(draft)
    draft.rename(file)
    mark = file.with_name(file.name + ".sig.part")
    mark.write_bytes(signature)
    mark.rename(file.with_name(file.name + ".sig"))
    return file


def _reports(file: str) -> list[str]:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return text.split("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py sign-feed", description="Make a signed batch for the feed folder.")
    parser.add_argument("reports", metavar="FILE", help="one JSON report a line; - reads standard input")
    parser.add_argument("--station", required=True, help="the id the station is registered with")
    parser.add_argument("--batch", required=True, help="a number this station never used before")
    parser.add_argument("--key", type=Path, required=True, metavar="PEM", help="the station's private P-256 key")
    parser.add_argument("--folder", type=Path, required=True, help="where the batch goes")
    return parser
