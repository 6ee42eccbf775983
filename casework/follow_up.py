"""Warnings taken note of, supervised follow-ups (督办) and the directory of named persons (R101, R181–R184, R186)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.area import WHOLE_COUNTRY, Area, area_inside, area_of, place_of
from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.supervise import SUPERVISING
from casework.supervision_views import ContactView, Directory, FollowUpView, NoteView, WarningView
from domain.division import find_division
from domain.refusal import Refusal
from domain.terms import ContactDuty, StaffRole, Watcher
from models.audit import write_audit
from models.contact import Contact, add_contact, contacts_below, end_contact, verify_contact
from models.deadline import DeadlineWarning, see_warning, warnings_for
from models.follow_up import (
    FollowUp,
    FollowUpNote,
    close_follow_up,
    find_follow_up,
    follow_ups,
    note_on_follow_up,
    notes_on,
)
from models.place import points_in

_SHOWN = 200
_WATCHERS = {
    StaffRole.REVIEWER: (Watcher.REVIEWER,),
    StaffRole.CLERK: (Watcher.CLERK,),
    StaffRole.SUPERVISOR: (Watcher.SUPERVISOR,),
}


@dataclass(frozen=True)
class NewContact:
    """A person to name. ``division`` None: the officer's own area."""

    duty: ContactDuty
    name: str
    phone: str
    division: str | None = None
    unit: str | None = None


async def my_warnings(deps: Deps, officer: Officer) -> tuple[WarningView, ...]:  # noqa: ARG001 – all acts take deps first
    """What the officer is warned of, not taken note of first. Raises ``area_unknown``, ``staff_role_missing``."""
    found = await warnings_for(_watching(officer), area_of(officer).prefix, _SHOWN)
    return tuple(_warning(one) for one in found)


async def take_note(deps: Deps, officer: Officer, warning_id: int) -> None:
    """Take note of a warning; on record with name and time (R186).

    Raises:
        Refusal: ``warning_not_found``, ``area_unknown``, ``staff_role_missing``.
    """
    async with unit_of_work(deps):
        watchers, prefix = _watching(officer), area_of(officer).prefix
        if not await see_warning(warning_id, watchers, prefix, officer.staff_id, deps.clock.now()):
            raise Refusal("warning_not_found")


async def follow_up_list(deps: Deps, officer: Officer, *, open_only: bool = True) -> tuple[FollowUpView, ...]:
    """What is followed up in the officer's area, the oldest first. Raises ``staff_role_missing``, ``area_unknown``."""
    area = _supervised(officer)
    found = await follow_ups(area.prefix, open_only=open_only, limit=_SHOWN)
    notes = await notes_on([one.id for one in found])
    return tuple(_view(deps, one, notes[one.id]) for one in found)


async def note_follow_up(deps: Deps, officer: Officer, follow_up_id: int, text: str, *, close: bool = False) -> None:
    """Write a note on a follow-up; with ``close`` it is the last one, and takes it off the list.

    Raises:
        Refusal: ``staff_role_missing``, ``area_unknown``, ``follow_up_not_found``, ``follow_up_closed``,
            ``follow_up_note_missing``.
    """
    area = _supervised(officer)
    found = await find_follow_up(follow_up_id, area.prefix)
    if found is None:
        raise Refusal("follow_up_not_found")
    if not text.strip():
        raise Refusal("follow_up_note_missing")
    now = deps.clock.now()
    async with unit_of_work(deps):
        if close and not await close_follow_up(found.id, officer.actor, now):
            raise Refusal("follow_up_closed")
        if found.closed_at is not None:
            raise Refusal("follow_up_closed")
        await note_on_follow_up(found.id, text.strip()[:500], officer.actor, now)
        await write_audit(
            at=now, actor=officer.actor, act="close_follow_up" if close else "note_follow_up",
            staff_id=officer.staff_id, case_id=found.deadline.case_id, request_id=officer.request_id or None,
            facts={"follow_up": found.id},
        )  # fmt: skip


async def directory(deps: Deps, officer: Officer) -> Directory:
    """The named persons of the officer's area, and which cities with a point name no liaison (R183)."""
    area = _supervised(officer)
    contacts = await contacts_below(area.prefix)
    liaisons = {one.division[:4] for one in contacts if one.duty is ContactDuty.LIAISON}
    cities = sorted({point.division[:4] for point in await points_in(area.prefix, None)})
    return Directory(
        contacts=tuple(_contact(deps, one) for one in contacts),
        missing=tuple(find_division(city).full_name for city in cities if city not in liaisons),
    )


async def name_contact(deps: Deps, officer: Officer, new: NewContact) -> None:
    """Name a person (R181, R182).

    Raises:
        Refusal: ``staff_role_missing``, ``area_outside``, ``area_unknown``, ``division_unknown``,
            ``contact_place_required`` for the whole country.
    """
    _supervised(officer)
    where = area_inside(officer, new.division)
    if where.division == WHOLE_COUNTRY:  # nobody is looked up for the whole country: province, city or county
        raise Refusal("contact_place_required", source="R181")
    async with unit_of_work(deps):
        await add_contact(
            duty=new.duty, division=where.division, unit=new.unit, name=new.name, phone=new.phone,
            kept_by=officer.actor, verified_at=deps.clock.now(),
        )  # fmt: skip


async def keep_contact(deps: Deps, officer: Officer, contact_id: int, *, still: bool) -> None:
    """Confirm that a person of the directory still is the one to turn to, or take them out (R184).

    Raises:
        Refusal: ``staff_role_missing``, ``area_unknown``, ``contact_not_found``.
    """
    act = verify_contact if still else end_contact
    async with unit_of_work(deps):
        if not await act(contact_id, _supervised(officer).prefix, officer.actor, deps.clock.now()):
            raise Refusal("contact_not_found")


def _supervised(officer: Officer) -> Area:
    if officer.role not in SUPERVISING:
        raise Refusal("staff_role_missing", source="R185")
    return area_of(officer)


def _watching(officer: Officer) -> tuple[Watcher, ...]:
    """As whom an officer is warned; a supervisor who serves at a point is the head of a station."""
    if officer.role not in _WATCHERS:
        raise Refusal("staff_role_missing", source="R090")
    if officer.role is StaffRole.SUPERVISOR and officer.point_id is not None:
        return (Watcher.STATION_HEAD,)
    return _WATCHERS[officer.role]


def _warning(one: DeadlineWarning) -> WarningView:
    clock = one.deadline
    return WarningView(
        id=one.id, level=one.level, kind=clock.kind, number=clock.case.number,
        place=find_division(clock.division).full_name, unit=clock.unit, due_on=clock.due_on, given_at=one.given_at,
        decided=clock.stopped_at is not None, seen_at=one.seen_at,
    )  # fmt: skip


def _view(deps: Deps, one: FollowUp, notes: list[FollowUpNote]) -> FollowUpView:
    clock, contact = one.deadline, one.contact
    until = clock.stopped_on or deps.today()
    return FollowUpView(
        id=one.id, number=clock.case.number, kind=clock.kind, state=clock.case.state,
        place=find_division(one.division).full_name, unit=clock.unit, due_on=clock.due_on,
        decided_on=clock.stopped_on, days_over=(until - clock.due_on).days if clock.due_on else 0,
        contact=contact.name if contact else None, contact_phone=contact.phone if contact else None,
        opened_at=one.opened_at, closed_at=one.closed_at, closed_by=one.closed_by,
        notes=tuple(NoteView(note.text, note.actor, note.at) for note in notes),
    )  # fmt: skip


def is_stale(deps: Deps, verified_at: datetime) -> bool:
    """Whether an entry of the directory is to be confirmed again (R184)."""
    days = deps.rulebook.on(deps.today()).need("directory").number("stale_after_days")
    return deps.clock.now() - verified_at > timedelta(days=days)


def _contact(deps: Deps, one: Contact) -> ContactView:
    return ContactView(
        id=one.id, duty=one.duty, place=place_of(one.division), unit=one.unit, name=one.name,
        phone=one.phone, verified_at=one.verified_at, stale=is_stale(deps, one.verified_at),
    )  # fmt: skip
