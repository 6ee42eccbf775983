"""``verify-letter``: is the PDF of a letter genuine and unaltered? Offline: no database, no network, no settings."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from casework.verify_letter import file_in_words
from domain.evidence import PdfVerdict

Verify = Callable[[bytes, bytes], PdfVerdict]


def main(words: Sequence[str], verify: Verify, trust: Path) -> int:
    """Say what the file is worth: 0 for a genuine letter as it was sealed, 1 for any other, 2 when it can't be read.

    ``verify`` takes the file and the trusted certificates (PEM); ``trust`` is where these are unless told otherwise.
    """
    asked = _parser(trust).parse_args(words)
    try:
        verdict = verify(asked.file.read_bytes(), asked.trust.read_bytes())
    except (OSError, ValueError) as error:
        print(f"The letter or the trusted certificates ({asked.trust}) can't be read: {error}", file=sys.stderr)
        return 2
    print(file_in_words(verdict))
    return 0 if verdict.stands else 1


def _parser(trust: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py verify-letter", description="Is this letter genuine and unaltered?")
    parser.add_argument("file", type=Path, metavar="FILE.pdf")
    parser.add_argument(
        "--trust", type=Path, default=trust, metavar="FILE", help="PEM of the platform's seals (%(default)s)"
    )
    return parser
