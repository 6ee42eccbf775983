"""What an officer did or read, on the record (R078, B07). In a unit of work it stands or falls with the act."""

from casework.callers import Officer
from casework.deps import Deps
from models.audit import write_audit


async def put_on_record(
    deps: Deps, officer: Officer, act: str, facts: dict[str, object], case_id: int | None = None
) -> None:
    """Write that the officer did this now; ``facts`` say to what, never personal data."""
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act=act, staff_id=officer.staff_id, case_id=case_id,
        request_id=officer.request_id or None, facts=facts,
    )  # fmt: skip
