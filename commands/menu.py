"""``run.py menu``: put the menu under the Official Account's chat, show it as WeChat has it, or take it away."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Account(Protocol):
    """The account at WeChat."""

    async def put_menu(self, menu: Mapping[str, Any]) -> None:
        """Put the menu."""
        ...

    async def menu(self) -> Mapping[str, Any] | None:
        """The menu, None when there is none."""
        ...

    async def delete_menu(self) -> None:
        """Take it away."""
        ...


def what_to_do(words: Sequence[str]) -> str:
    """Read the command's words; wrong ones end the process with a sentence."""
    parser = argparse.ArgumentParser(prog="run.py menu", description=__doc__)
    parser.add_argument("action", choices=("put", "show", "delete"), help="phones show a change within some minutes")
    return str(parser.parse_args(words).action)


async def do(action: str, account: Account, menu: Mapping[str, Any]) -> str:
    """Do it; what was done, in words."""
    if action == "put":
        await account.put_menu(menu)
        return "The menu is put; phones show it within some minutes."
    if action == "delete":
        await account.delete_menu()
        return "The menu is taken away."
    found = await account.menu()
    return json.dumps(found, ensure_ascii=False, indent=1) if found else "There is no menu."
