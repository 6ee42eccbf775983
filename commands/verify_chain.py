"""``run.py verify-chain``: walk the evidence of all signatures."""

import sys

from casework.deps import Deps
from casework.verify_letter import verify_chain


async def walk(deps: Deps) -> None:
    """Say how long the chain is; a broken one ends the process with the place and the reason."""
    verdict = await verify_chain(deps)
    if verdict.broken_at is not None:
        sys.exit(f"The chain is broken at record {verdict.broken_at}: {verdict.why}.")
    print(f"The chain holds: {verdict.length} record(s).")
