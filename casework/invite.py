"""A service on trial serves those it calls in (R019): invitations are made, brought along, and asked for."""

from dataclasses import dataclass
from datetime import date, timedelta

from casework.area import answers_for, area_of
from casework.callers import Citizen, Officer
from casework.deps import Deps, unit_of_work
from casework.put_on_record import put_on_record
from casework.secret import hashed
from casework.track import point_view
from casework.views import PointView
from domain.division import Division
from domain.invitation import LONGEST_DAYS, MOST_AT_ONCE, RANDOM_BYTES, new_invitation, normalise_invitation
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import ServiceItem, StaffRole
from models.invitation import (
    Invitation,
    bring_invitation,
    invitations_of,
    is_invited,
    newest_invitations,
    trial_ends,
    trials,
    write_invitations,
)
from models.invitation import set_trial as write_trial
from models.invitation import withdraw_invitation as write_withdrawal
from models.place import AcceptancePoint, all_points, find_point, find_service
from templates.labels import label

LIST_LIMIT = 200
MAY_INVITE = frozenset({StaffRole.CLERK, StaffRole.SUPERVISOR, StaffRole.OPERATOR})
MAY_TRY_OUT = frozenset({StaffRole.SUPERVISOR, StaffRole.OPERATOR})


@dataclass(frozen=True)
class InvitationView:
    """What somebody was invited to, and until when they can come."""

    point: PointView
    item: ServiceItem
    good_until: date


@dataclass(frozen=True)
class InvitationLine:
    """An invitation as officers see it: never the code. ``standing``: open | brought | over | withdrawn."""

    id: int
    station: str
    item: ServiceItem
    made_on: date
    good_until: date
    standing: str


@dataclass(frozen=True)
class TrialLine:
    """A service of a point that serves only invited people through ``until``; ``over``: that day is past."""

    station: str
    point_code: str
    item: ServiceItem
    until: date
    over: bool


@dataclass(frozen=True)
class TrialPage:
    """What is on trial in an officer's area, who was invited, and where more can be invited to."""

    trials: tuple[TrialLine, ...]
    invitations: tuple[InvitationLine, ...]
    points: tuple[tuple[str, str], ...]


async def try_out(deps: Deps, officer: Officer, point_code: str, item: ServiceItem, until: date | None) -> None:
    """Serve only invited people through a day, None for everybody from now on. Bookings already made stay.

    Raises:
        Refusal: ``staff_role_missing``, ``station_not_found``, ``area_outside``, ``station_without_service``,
            ``trial_day_wrong``.
    """
    if officer.role not in MAY_TRY_OUT:
        raise Refusal("staff_role_missing", source="R019")
    point = await _own_point(officer, point_code)
    today = deps.today()
    if until is not None and not today <= until <= today + timedelta(days=LONGEST_DAYS):
        raise Refusal("trial_day_wrong", source="R019", most=LONGEST_DAYS)
    async with unit_of_work(deps):
        if not await write_trial(point.id, item, until):
            raise Refusal("station_without_service", source="R033", station=point.name, item=label(item))
        await _record(deps, officer, "try_out", point=point.code, item=item, until=until.isoformat() if until else None)


async def invite(
    deps: Deps, officer: Officer, point_code: str, item: ServiceItem, until: date, count: int
) -> list[str]:
    """Make invitations to hand to people who need the service; the codes are told once and kept as hashes.

    Raises:
        Refusal: ``staff_role_missing``, ``station_not_found``, ``area_outside``, ``station_without_service``,
            ``trial_day_wrong``, ``invitations_too_many``.
    """
    if officer.role not in MAY_INVITE:
        raise Refusal("staff_role_missing", source="R019")
    point = await _own_point(officer, point_code)
    today = deps.today()
    if not today <= until <= today + timedelta(days=LONGEST_DAYS):
        raise Refusal("trial_day_wrong", source="R019", most=LONGEST_DAYS)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Refusal("invitations_too_many", source="R019", most=MOST_AT_ONCE)
    if await find_service(point.id, item) is None:
        raise Refusal("station_without_service", source="R033", station=point.name, item=label(item))
    codes = [new_invitation(deps.random.token(RANDOM_BYTES)) for _ in range(count)]
    async with unit_of_work(deps):
        await write_invitations(
            [hashed(code) for code in codes], point_id=point.id, item=item, staff_id=officer.staff_id,
            at=deps.clock.now(), good_until=until,
        )  # fmt: skip
        await _record(deps, officer, "invite", point=point.code, item=item, count=count)
    return codes


async def withdraw_invitation(deps: Deps, officer: Officer, invitation_id: int) -> None:
    """Take an invitation back; a visit that was booked with it stays. Raises ``invitation_not_found``."""
    if officer.role not in MAY_INVITE:
        raise Refusal("staff_role_missing", source="R019")
    area = area_of(officer)
    async with unit_of_work(deps):
        if not await write_withdrawal(invitation_id, area.prefix, area.point_id, deps.clock.now()):
            raise Refusal("invitation_not_found", source="R019")
        await _record(deps, officer, "withdraw_invitation", invitation=invitation_id)


async def trial_page(deps: Deps, officer: Officer) -> TrialPage:
    """The officer's own area or counter (R185). Raises ``staff_role_missing``, ``area_unknown``."""
    if officer.role not in MAY_INVITE:
        raise Refusal("staff_role_missing", source="R019")
    area, today = area_of(officer), deps.today()
    services = await trials(area.prefix, area.point_id)
    invited = await newest_invitations(area.prefix, area.point_id, LIST_LIMIT)
    return TrialPage(
        trials=tuple(
            TrialLine(one.point.name, one.point.code, one.item, one.invited_until, one.invited_until < today)
            for one in services
            if one.invited_until is not None
        ),
        invitations=tuple(_line(one, today) for one in invited),
        points=tuple(
            (point.code, point.name) for point in await all_points() if answers_for(officer, point.id, point.division)
        ),
    )


async def bring(deps: Deps, citizen: Citizen, code: str) -> tuple[InvitationView, ...]:
    """Take an invitation to the own account; everything one is invited to. Bringing it again changes nothing.

    Raises:
        Refusal: ``invitation_malformed``, ``invitation_unusable`` for one that is unknown, over or somebody else's.
    """
    code_hash = hashed(normalise_invitation(code))
    async with unit_of_work(deps):
        if not await bring_invitation(code_hash, citizen.account_id, deps.today(), deps.clock.now()):
            raise Refusal("invitation_unusable", source="R019")
    return await my_invitations(deps, citizen)


async def my_invitations(deps: Deps, citizen: Citizen) -> tuple[InvitationView, ...]:
    """What the account is invited to: points that stand on no public list."""
    held = await invitations_of(citizen.account_id, deps.today())
    return tuple(InvitationView(point_view(one.point), one.item, one.good_until) for one in held)


async def insist_served(deps: Deps, account_id: int, item: ServiceItem, residence: Division) -> None:
    """Where a service is not made public yet, or every point of the city is on trial, only invited people apply.

    Raises:
        Refusal: ``invitation_required`` (R019).
    """
    today, city = deps.today(), residence.code[:4]
    publicity = deps.rulebook.on(today).find("publicity", item=item, residence=residence)
    if publicity is None or publicity.flag("allowed"):
        ends = await trial_ends(item, city)
        if not ends or any(end is None or end < today for end in ends):
            return
    if not await is_invited(account_id, item, city, today):
        raise Refusal("invitation_required", source="R019", place=residence.full_name, item=label(item))


async def insist_invited(deps: Deps, account_id: int, point: AcceptancePoint, item: ServiceItem) -> None:
    """A point on trial takes those it invited. Raises ``invitation_required_here`` (R019)."""
    if not await is_invited(account_id, item, point.division, deps.today(), point.id):
        raise Refusal("invitation_required_here", source="R019", station=point.name, phone=point.phone)


async def _own_point(officer: Officer, code: str) -> AcceptancePoint:
    point = await find_point(code)
    if point is None:
        raise Refusal("station_not_found")
    if not answers_for(officer, point.id, point.division):
        raise Refusal("area_outside", source="R185", area=area_of(officer).name, asked=point.name)
    return point


def _line(one: Invitation, today: date) -> InvitationLine:
    if one.withdrawn_at is not None:
        standing = "withdrawn"
    elif one.account_id is not None:
        standing = "brought"
    else:
        standing = "over" if one.good_until < today else "open"
    return InvitationLine(one.id, one.point.name, one.item, day_of(one.made_at), one.good_until, standing)


async def _record(deps: Deps, officer: Officer, act: str, **facts: object) -> None:
    await put_on_record(deps, officer, act, facts)
