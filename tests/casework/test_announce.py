"""Announcements: by place, item and hour, and an outage that closes what it reaches (R020, R199–R202)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from casework.announce import (
    Draft,
    act_on_outages,
    announce,
    announcements_for,
    current_announcements,
    withdraw_announcement,
)
from casework.callers import Officer
from casework.track import my_case
from domain.terms import AnnouncementKind, NoticeKind, StaffRole
from models.notice import Notice
from models.place import Closure
from models.staff import keep_staff
from tests.casework.refused import refused
from tests.casework.town import ITEM, NANCHANG, SMALL, Town, employ, password_hash
from tests.casework.way import at_hour, gone

NEWS, OUTAGE, POLICY = AnnouncementKind.NEWS, AnnouncementKind.OUTAGE, AnnouncementKind.POLICY


async def watching(town: Town, division: str, name: str = "supervisor") -> Officer:
    await keep_staff(
        name, display_name="演示督导", password_hash=password_hash(), role=StaffRole.SUPERVISOR, division=division
    )
    return await town.officer(name)


def news(**other: object) -> Draft:
    given = {"kind": NEWS, "title": "周六加开窗口", "text": "本周六上午加开窗口。", **other}
    return Draft(**given)  # type: ignore[arg-type]


def outage(town: Town, **other: object) -> Draft:
    now = town.clock.at
    given = {
        "kind": OUTAGE,
        "title": "系统故障",
        "text": "暂时不能办理。",
        "starts_at": now,
        "ends_at": now + timedelta(days=5),
    }
    return Draft(**{**given, **other})  # type: ignore[arg-type]


async def titles(town: Town, **about: object) -> list[str]:
    return [one.title for one in await current_announcements(town.deps, **about)]  # type: ignore[arg-type]


async def test_what_is_announced_for_a_city_is_read_in_its_county_and_province_and_nowhere_else(town: Town) -> None:
    await announce(town.deps, await watching(town, "360100"), news())
    for division in ("360102", "360100", "360000"):
        assert await titles(town, division=division) == ["周六加开窗口"]
    for division in ("360403", "440000"):
        assert await titles(town, division=division) == []
    assert await titles(town) == ["周六加开窗口"]


async def test_an_announcement_about_one_item_or_point_concerns_no_other(town: Town) -> None:
    chief = await watching(town, "360000")
    await announce(town.deps, chief, news(item=ITEM, point_code=NANCHANG))
    assert await titles(town, point_code=NANCHANG, item=ITEM) == ["周六加开窗口"]
    assert await titles(town, point_code=SMALL) == []
    assert await titles(town, item="household_certificate") == []


async def test_nobody_reads_an_announcement_before_its_hour_or_after_its_end(town: Town) -> None:
    """R020: an embargo."""
    chief, now = await watching(town, "360000"), town.clock.at
    await announce(town.deps, chief, news(publish_at=now + timedelta(hours=2), ends_at=now + timedelta(hours=4)))
    assert await titles(town) == []
    assert [line.standing for line in await announcements_for(town.deps, chief)] == ["embargoed"]
    town.clock.turn(hours=2)
    assert await titles(town) == ["周六加开窗口"]
    town.clock.turn(hours=2)
    assert await titles(town) == []


async def test_a_service_on_trial_is_not_publicised_but_its_outage_is_told(town: Town) -> None:
    """R019, R020: Guangdong publicises nothing before 2023-03-31."""
    town.clock.set(date(2023, 3, 25))
    chief = await watching(town, "440100")
    with refused("publicity_not_yet"):
        await announce(town.deps, chief, news(item=ITEM))
    await announce(town.deps, chief, news(item=ITEM, publish_at=at_hour(date(2023, 3, 31), 9)))
    await announce(town.deps, chief, outage(town, item=ITEM))
    assert await titles(town) == ["系统故障"]


async def test_a_policy_is_explained_with_its_document_and_a_new_version_replaces_the_old(town: Town) -> None:
    """R202."""
    chief = await watching(town, "360000")
    with refused("document_number_missing"):
        await announce(town.deps, chief, news(kind=POLICY))
    for title in ("第一版", "第二版"):
        draft = news(kind=POLICY, title=title, topic="全省通办", document_number="示例〔2026〕1号")
        made = await announce(town.deps, chief, draft)
    assert made.version == 2
    assert await titles(town) == ["第二版"]
    await withdraw_announcement(town.deps, chief, made.id)
    assert await titles(town) == ["第一版"]


async def test_an_outage_closes_the_points_it_reaches_and_tells_who_had_booked(town: Town) -> None:
    """R199: cancelled, told, and offered another place."""
    way = await gone(town, "booked")
    await announce(town.deps, await watching(town, "360102"), outage(town))
    assert await Closure.all().count() == 2  # both points of the county
    case = await my_case(town.deps, way.citizen, way.number)
    assert case.booking is None
    assert case.hold or case.waiting
    assert await Notice.filter(kind=NoticeKind.POINT_CLOSED).count() == 1
    assert await act_on_outages(town.deps) == 0


async def test_an_outage_announced_for_later_closes_nothing_before_its_hour(town: Town) -> None:
    chief, now = await watching(town, "360102"), town.clock.at
    later = outage(town, publish_at=now + timedelta(hours=1), starts_at=now + timedelta(days=1))
    await announce(town.deps, chief, later)
    assert await Closure.all().count() == 0
    town.clock.turn(hours=1)
    assert await act_on_outages(town.deps) == 2


async def test_nobody_announces_outside_the_own_area(town: Town) -> None:
    chief = await watching(town, "360100")
    for draft in (news(division="360000"), news(division="440000"), news(point_code="T-JJ")):
        with refused("area_outside"):
            await announce(town.deps, chief, draft)
    with refused("staff_role_missing"):
        await announce(town.deps, await town.clerk(), news())
    await employ("homeless", StaffRole.SUPERVISOR, None)
    with refused("area_unknown"):
        await announce(town.deps, await town.officer("homeless"), news())


async def test_the_head_of_a_point_takes_back_what_is_about_it_and_nothing_of_the_county(town: Town) -> None:
    """R185."""
    clerk = await town.clerk()
    head = replace(clerk, role=StaffRole.SUPERVISOR)
    of_county = await announce(town.deps, await watching(town, "360102"), news())
    own = await announce(town.deps, head, news(point_code=clerk.point_code))
    with refused("announcement_not_found"):
        await withdraw_announcement(town.deps, head, of_county.id)
    may = {line.view.id: line.may_withdraw for line in await announcements_for(town.deps, head)}
    assert may == {of_county.id: False, own.id: True}
    await withdraw_announcement(town.deps, head, own.id)


@pytest.mark.parametrize(
    "wrong", [{"ends_at": None}, {"starts_at": None}, {"ends_at": timedelta(days=-1)}, {"ends_at": timedelta(days=32)}]
)
async def test_an_outage_says_from_when_to_when(wrong: dict[str, timedelta | None], town: Town) -> None:
    chief, now = await watching(town, "360100"), town.clock.at
    with refused("announcement_times_wrong"):
        times = {name: now + by if by else None for name, by in wrong.items()}
        await announce(town.deps, chief, outage(town, **times))
