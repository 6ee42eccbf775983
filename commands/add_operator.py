"""``run.py add-operator``: the first account of a new house."""

import sys

from casework.deps import Deps
from casework.manage_staff import add_first_operator
from domain.refusal import Refusal


async def add(deps: Deps, username: str) -> None:
    """Make the account and print its password; ends the process with a word where there is one already."""
    try:
        password = await add_first_operator(deps, username)
    except Refusal as refusal:
        sys.exit(f"Not added: {refusal.code}")
    print(f"{username}  {password}  (to be changed at the first login, within 72 hours)")
