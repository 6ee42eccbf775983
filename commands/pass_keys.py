"""``pass-keys``: keys of offline passes. A station makes its own; the operator registers the public part.

``make-station`` needs no settings and no database: it runs on the station's machine.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from casework.deps import Deps
from casework.keep_point_key import point_keys, register_point_key, retire_point_key
from domain.refusal import Refusal
from templates.refusals import refusal_text
from templates.shown import when

MAKE_STATION = "make-station"


class PublicKey(Protocol):
    """A station's public key: its name in hexadecimal, and 32 bytes."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def raw(self) -> bytes: ...  # noqa: D102


def asked_for(words: Sequence[str]) -> argparse.Namespace:
    """What was asked."""
    parser = argparse.ArgumentParser(prog="run.py pass-keys", description="Keys of offline passes")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser(MAKE_STATION, help="at the station: make a key; only its .pub file leaves the machine")
    make.add_argument("file", type=Path, metavar="KEY.pem", help="where the private key goes; KEY.pub beside it")
    register = commands.add_parser("register", help="register a station's public key for its acceptance point")
    register.add_argument("point", metavar="POINT", help="the code of the point")
    register.add_argument("file", type=Path, metavar="KEY.pub")
    retire = commands.add_parser("retire", help="encrypt nothing to a key any more")
    retire.add_argument("key_id", metavar="KEY-ID")
    commands.add_parser("list", help="every registered key")
    return parser.parse_args(words)


def make_station(file: Path, make: Callable[[], tuple[bytes, bytes]]) -> int:
    """Make a station's key; an existing file is never written over."""
    private, public = make()
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_bytes(private)
        file.with_suffix(".pub").write_bytes(public)
    except OSError as error:
        print(f"The key can't be written: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 2
    print(f"{file} stays here and is kept safe; {file.with_suffix('.pub')} goes to the operator.")
    return 0


async def keep(deps: Deps, asked: argparse.Namespace, read: Callable[[bytes], PublicKey]) -> None:
    """Do what the operator asked for. Ends the process with a sentence where it can't be done."""
    try:
        await _keep(deps, asked, read)
    except Refusal as refusal:
        text = refusal_text(refusal.code, refusal.facts)
        sys.exit(f"{text.title}：{text.detail}{text.advice}")
    except OSError as error:
        sys.exit(f"{asked.file} can't be read: {error.strerror}.")


async def _keep(deps: Deps, asked: argparse.Namespace, read: Callable[[bytes], PublicKey]) -> None:
    if asked.command == "register":
        public = read(asked.file.read_bytes())
        new = await register_point_key(deps, asked.point, public.id, public.raw)
        print(f"{asked.point}: {public.id} {'registered' if new else 'was registered before'}.")
    elif asked.command == "retire":
        await retire_point_key(deps, asked.key_id)
        print(f"{asked.key_id} is retired.")
    else:
        for key in await point_keys(deps):
            until = f"  retired {when(key.retired_at)}" if key.retired_at else ""
            print(f"{key.point:<24} {key.key_id}  registered {when(key.registered_at)}{until}")
