"""Announcements (R199–R202): told from their hour on, by place and item; an outage closes the points it reaches."""

from dataclasses import dataclass
from datetime import datetime

from casework.area import WHOLE_COUNTRY, Area, area_inside, area_of, place_of
from casework.callers import Officer
from casework.close_point import LONGEST, Shutting, move_displaced, shut
from casework.deps import Deps, unit_of_work
from casework.put_on_record import put_on_record
from domain.division import find_division
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import AnnouncementKind, ServiceItem, StaffRole
from models.announcement import (
    Announcement,
    announcements_of,
    last_version,
    mark_acted,
    outages_to_act_on,
    published,
    write_announcement,
)
from models.announcement import withdraw_announcement as take_back
from models.place import AcceptancePoint, closed_by_announcement, find_point, points_in
from templates.shown import clean

MAY_ANNOUNCE = frozenset({StaffRole.OPERATOR, StaffRole.SUPERVISOR})
_MOST, _SHOWN = 200, 100


@dataclass(frozen=True)
class Draft:
    """What is to be announced. ``publish_at`` None: at once. An outage says from when to when it lasts."""

    kind: AnnouncementKind
    title: str
    text: str
    division: str | None = None
    point_code: str | None = None
    item: ServiceItem | None = None
    publish_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    topic: str | None = None
    document_number: str | None = None


@dataclass(frozen=True)
class AnnouncementView:
    """An announcement as anybody may read it. ``place``: where it holds; ``item`` None: for every service."""

    id: int
    kind: AnnouncementKind
    title: str
    text: str
    place: str
    item: ServiceItem | None
    published_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    document_number: str | None
    version: int


@dataclass(frozen=True)
class AnnouncementLine:
    """An announcement as the console lists it: also what is not public yet, or was taken back."""

    view: AnnouncementView
    standing: str
    made_by: str
    may_withdraw: bool


async def current_announcements(
    deps: Deps, *, division: str | None = None, point_code: str | None = None, item: ServiceItem | None = None
) -> tuple[AnnouncementView, ...]:
    """What may be read now, newest first: about a place with all it lies in, about a point, about an item.

    Of a policy only the newest explanation (R202). What concerns every place or every item is always among them.

    Raises:
        Refusal: ``division_unknown``, ``station_not_found``.
    """
    point = await find_point(point_code) if point_code else None
    if point_code and point is None:
        raise Refusal("station_not_found")
    about = point.division if point else division
    place = find_division(about).prefix if about else None
    told = await published(deps.clock.now(), _MOST)
    newest = {one.topic: one.version for one in sorted(told, key=lambda one: one.version) if one.topic}
    return tuple(
        [
            await _view(one)
            for one in told
            if (one.topic is None or newest[one.topic] == one.version)
            and (item is None or one.item in {None, item})
            and (place is None or _concerns(one, place))
            and (point is None or one.point_code in {None, point.code})
        ]
    )


async def announce(deps: Deps, officer: Officer, draft: Draft) -> AnnouncementView:
    """Announce; from ``publish_at`` on everybody may read it. An outage then closes every point it reaches (R199).

    Raises:
        Refusal: ``staff_role_missing``, ``area_outside``, ``station_not_found``, ``announcement_text_missing``,
            ``announcement_times_wrong``, ``document_number_missing``, ``publicity_not_yet`` (R020),
            ``announcement_version_taken``.
    """
    if officer.role not in MAY_ANNOUNCE:
        raise Refusal("staff_role_missing", source="R199")
    where, point = await _where(officer, draft)
    publish_at = draft.publish_at or deps.clock.now()
    _insist_whole(deps, draft, publish_at)
    _insist_public(deps, draft, where, publish_at)
    async with unit_of_work(deps):
        made = await write_announcement(
            kind=draft.kind, title=clean(draft.title), text=draft.text.strip(), division=where.division,
            point_code=point.code if point else None, item=draft.item, publish_at=publish_at, starts_at=draft.starts_at,
            ends_at=draft.ends_at, topic=draft.topic, version=await last_version(draft.topic) + 1 if draft.topic else 1,
            document_number=draft.document_number, made_by=officer.actor, made_at=deps.clock.now(),
        )  # fmt: skip
        if made is None:
            raise Refusal("announcement_version_taken", source="R202")
        await put_on_record(deps, officer, "announce", {"announcement": made.id, "kind": draft.kind})
    await act_on_outages(deps)
    return await _view(made)


async def withdraw_announcement(deps: Deps, officer: Officer, announcement_id: int) -> None:
    """Take an announcement back. What an outage closed stays closed: bookings were moved already.

    Raises:
        Refusal: ``staff_role_missing``, ``announcement_not_found``.
    """
    if officer.role not in MAY_ANNOUNCE:
        raise Refusal("staff_role_missing", source="R199")
    async with unit_of_work(deps):
        own = officer.point_code  # the head of a point takes back what is about it, not what the county said
        if not await take_back(announcement_id, area_of(officer).prefix, deps.clock.now(), own):
            raise Refusal("announcement_not_found")
        await put_on_record(deps, officer, "withdraw_announcement", {"announcement": announcement_id})


async def announcements_for(deps: Deps, officer: Officer) -> tuple[AnnouncementLine, ...]:
    """What holds in an officer's area now, and for who may announce there everything ever announced."""
    area = area_of(officer)
    if officer.role not in MAY_ANNOUNCE:
        current = await current_announcements(deps, division=area.division if area.prefix else None)
        return tuple(AnnouncementLine(view, "public", "", may_withdraw=False) for view in current)
    told, own = await announcements_of(area.prefix, _SHOWN), officer.point_code
    return tuple([await _line(deps, one, may=own in {None, one.point_code}) for one in told])


async def act_on_outages(deps: Deps) -> int:
    """Close what the public outages reach and is not closed yet, and move who had a place there; returns how many
    points. What a crash leaves undone the next run does."""
    closed = 0
    for outage in await outages_to_act_on(deps.clock.now()):
        assert outage.starts_at is not None
        assert outage.ends_at is not None
        for point in await _reached(outage):
            if outage.ends_at > deps.clock.now() and not await closed_by_announcement(point.id, outage.id):
                await shut(
                    deps,
                    Shutting(
                        point, outage.starts_at, outage.ends_at, outage.title, outage.made_by, item=outage.item,
                        announcement_id=outage.id,
                    ),
                )  # fmt: skip
                closed += 1
        await mark_acted(outage.id, deps.clock.now())
    if closed:
        await move_displaced(deps)
    return closed


async def _reached(outage: Announcement) -> list[AcceptancePoint]:
    if outage.point_code:
        point = await find_point(outage.point_code)
        return [point] if point else []
    prefix = "" if outage.division == WHOLE_COUNTRY else find_division(outage.division).prefix
    return await points_in(prefix, outage.item)


async def _where(officer: Officer, draft: Draft) -> tuple[Area, AcceptancePoint | None]:
    own = area_of(officer)
    if draft.point_code is None:
        if own.point_id is not None:
            raise Refusal("area_outside", source="R185", area=own.name, asked="全部受理点")
        return area_inside(officer, draft.division), None
    point = await find_point(draft.point_code)
    if point is None:
        raise Refusal("station_not_found")
    if not own.contains(point.division) or own.point_id not in {None, point.id}:
        raise Refusal("area_outside", source="R185", area=own.name, asked=point.name)
    return Area(point.name, point.division, point.division, point.id), point


def _insist_whole(deps: Deps, draft: Draft, publish_at: datetime) -> None:
    if not draft.title.strip() or not draft.text.strip():
        raise Refusal("announcement_text_missing", source="R199")
    if draft.kind is AnnouncementKind.POLICY and not draft.document_number:
        raise Refusal("document_number_missing", source="R202")
    starts, ends, now = draft.starts_at, draft.ends_at, deps.clock.now()
    wrong = ends is not None and (ends <= now or ends <= publish_at)
    if draft.kind is AnnouncementKind.OUTAGE:
        wrong = wrong or starts is None or ends is None or not starts < ends <= starts + LONGEST
    if wrong:
        raise Refusal("announcement_times_wrong", source="R199", most_days=LONGEST.days)


def _insist_public(deps: Deps, draft: Draft, where: Area, publish_at: datetime) -> None:
    """Nothing but an outage is told of a service that may not be publicised there on that day (R019, R020)."""
    if draft.kind is AnnouncementKind.OUTAGE or not where.prefix:
        return
    rules, place = deps.rulebook.on(day_of(publish_at)), find_division(where.division)
    for item in [draft.item] if draft.item else list(ServiceItem):
        value = rules.find("publicity", item=item, residence=place)
        if value is not None and not value.flag("allowed"):
            raise Refusal("publicity_not_yet", source="R020", place=where.name)


def _concerns(one: Announcement, prefix: str) -> bool:
    if one.division == WHOLE_COUNTRY:
        return True
    own = find_division(one.division).prefix
    return own.startswith(prefix) or prefix.startswith(own)


async def _view(one: Announcement) -> AnnouncementView:
    point = await find_point(one.point_code) if one.point_code else None
    place = place_of(one.division)
    return AnnouncementView(
        id=one.id, kind=one.kind, title=one.title, text=one.text, place=point.name if point else place, item=one.item,
        published_at=one.publish_at, starts_at=one.starts_at, ends_at=one.ends_at,
        document_number=one.document_number, version=one.version,
    )  # fmt: skip


async def _line(deps: Deps, one: Announcement, *, may: bool) -> AnnouncementLine:
    now = deps.clock.now()
    standing = "public"
    if one.withdrawn_at is not None:
        standing = "withdrawn"
    elif one.publish_at > now:
        standing = "embargoed"
    elif one.ends_at is not None and one.ends_at <= now:
        standing = "over"
    return AnnouncementLine(await _view(one), standing, one.made_by, may_withdraw=may and one.withdrawn_at is None)
