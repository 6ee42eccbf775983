"""The auditor reads the trail; the reading is itself on record."""

from datetime import date

from casework.callers import Officer
from casework.deps import Deps
from casework.views_staff import AuditLine, AuditPage
from domain.case_number import check_case_number
from domain.local_time import day_bounds
from domain.refusal import Refusal
from domain.terms import StaffRole
from models.audit import AuditEntry, search_audit, write_audit

PAGE = 100


async def read_audit(
    deps: Deps, officer: Officer, *, number: str | None = None, who: str | None = None, day: date | None = None
) -> AuditPage:
    """Entries by case, by member of staff, by day, newest first; each filter narrows the others.

    Raises:
        Refusal: ``staff_role_missing``, ``case_number_malformed``.
    """
    if officer.role is not StaffRole.AUDITOR:
        raise Refusal("staff_role_missing", source="R078")
    case = check_case_number(number) if number else None
    actor = f"staff:{who}" if who else None
    found = await search_audit(case, actor, day_bounds(day) if day else None, PAGE + 1)
    facts = {"case": case, "actor": actor, "day": day.isoformat() if day else None}
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act="read_audit", staff_id=officer.staff_id,
        request_id=officer.request_id or None, facts={name: fact for name, fact in facts.items() if fact},
    )  # fmt: skip
    return AuditPage(lines=tuple(_line(entry) for entry in found[:PAGE]), more=len(found) > PAGE)


def _line(entry: AuditEntry) -> AuditLine:
    return AuditLine(
        at=entry.at,
        actor=entry.actor,
        act=entry.act,
        number=entry.case.number if entry.case else None,
        request_id=entry.request_id,
        facts="，".join(f"{name}={_plain(fact)}" for name, fact in entry.facts.items()),
    )


def _plain(fact: object) -> object:
    if isinstance(fact, bool):
        return "是" if fact else "否"
    return fact
