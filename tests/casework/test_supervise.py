"""Supervision: the figures of the own area and of no other, follow-ups and the directory (R101, R180–R188)."""

from datetime import date, timedelta

import pytest

from casework.accept import DeclineReason, decline
from casework.follow_up import (
    NewContact,
    directory,
    follow_up_list,
    keep_contact,
    my_warnings,
    name_contact,
    note_follow_up,
    take_note,
)
from casework.notify import deliver_due
from casework.reach_people import open_reach_tasks, people_to_reach, take_reach_step
from casework.supervise import asked, clock_rows, dashboard, go_live, settlement, timeliness_of_units
from casework.warn import warn_overdue
from domain.terms import (
    CaseState,
    ClockKind,
    ContactDuty,
    NoticeKind,
    ReachStepKind,
    ReportKind,
    StaffRole,
    WarningLevel,
)
from models.contact import add_contact
from models.place import find_point
from models.staff import keep_staff
from tests.casework.refused import refused
from tests.casework.test_announce import watching
from tests.casework.town import NANCHANG, NUMBER_UNKNOWN, Town, password_hash
from tests.casework.way import ADULT, GUANGDONG, gone


@pytest.fixture
async def busy(town: Town) -> Town:
    """Three Jiangxi reviews and one of Guangdong, one of each late; a case open, and one turned away."""
    await gone(town, "issued")
    await gone(town, "under_review")
    await gone(town, "issued", GUANGDONG)
    late = await gone(town, "under_review", GUANGDONG)
    await gone(town, "open")
    away = await gone(town, "checked_in")
    await decline(town.deps, await town.clerk(away.kind.point), away.number, DeclineReason.IDENTITY_DOUBTFUL)
    town.clock.turn(days=7)
    await late.reported(ReportKind.ISSUED)
    await warn_overdue(town.deps)
    return town


async def test_a_dashboard_counts_its_own_area_only(busy: Town) -> None:
    """R185."""
    jiangxi, guangdong = await watching(busy, "360000"), await watching(busy, "440000", "supervisor-gd")
    here = await dashboard(busy.deps, asked(busy.deps, jiangxi))
    there = await dashboard(busy.deps, asked(busy.deps, guangdong))
    assert dict(here.states)[CaseState.OPEN] == 1
    assert dict(here.states)[CaseState.UNDER_REVIEW] == 1
    assert dict(there.states)[CaseState.ISSUED] == 2
    assert sum(count for _, count in here.states) == 4
    assert sum(count for _, count in there.states) == 2


async def test_notices_are_counted_by_kind_and_so_is_whom_a_person_told(town: Town) -> None:
    """K8, R185: one line for each kind, what reached nobody first, and what somebody at the counter did about it."""
    way = await gone(town, "dispatched")
    await deliver_due(town.deps)
    town.sms.answer = NUMBER_UNKNOWN
    await way.arrive()
    await deliver_due(town.deps)
    assert await open_reach_tasks(town.deps) == 1
    jiangxi, guangdong = await watching(town, "360000"), await watching(town, "440000", "supervisor-gd")
    board = await dashboard(town.deps, asked(town.deps, jiangxi))
    pickup = board.notices[0]
    assert (pickup.kind, pickup.unreached, pickup.to_tell, pickup.told) == (NoticeKind.READY_FOR_PICKUP, 1, 1, 0)
    assert board.unreached == 1
    assert board.reached == sum(one.delivered + one.sent for one in board.notices[1:]) > 0
    clerk = await town.clerk()
    (line,) = await people_to_reach(town.deps, clerk)
    await take_reach_step(town.deps, clerk, line.id, ReachStepKind.REACHED)
    pickup = (await dashboard(town.deps, asked(town.deps, jiangxi))).notices[0]
    assert (pickup.to_tell, pickup.told) == (0, 1)
    assert (await dashboard(town.deps, asked(town.deps, guangdong))).notices == ()


async def test_the_rate_is_on_time_decisions_of_those_due(busy: Town) -> None:
    """D9, R180: by the place that decides, and what is still undecided counts as not on time."""
    for division, rate in (("360000", (2, 1, 0, 1, 500)), ("440000", (2, 1, 1, 0, 500))):
        officer = await watching(busy, division, f"s-{division}")
        whole = (await dashboard(busy.deps, asked(busy.deps, officer))).whole
        assert (whole.due, whole.on_time, whole.late, whole.waiting, whole.rate) == rate
    units = await timeliness_of_units(asked(busy.deps, officer))
    assert [(unit.name, unit.rate) for unit in units] == [("演示单位", 500)]


async def test_what_ran_out_what_was_doubtful_and_what_is_not_packed_is_counted(busy: Town) -> None:
    """R115, R187."""
    board = await dashboard(busy.deps, asked(busy.deps, await watching(busy, "360000")))
    assert {one.kind: one.count for one in board.overdue} == {ClockKind.REVIEW: 1, ClockKind.PACKING: 1}
    assert (board.quality.fake, board.quality.accepted) == (1, 2)
    assert board.unpacked == ((date(2026, 9, 18), 1),)
    assert sum(day.accepted for day in board.days) == 2
    assert (board.kept, board.missed) == (3, 0)


async def test_a_head_of_station_sees_the_own_counter_only(busy: Town) -> None:
    point = await find_point(NANCHANG)
    assert point is not None
    await keep_staff(
        "head", display_name="演示所长", password_hash=password_hash(), role=StaffRole.SUPERVISOR, point_id=point.id
    )
    head = await busy.officer("head")
    board = await dashboard(busy.deps, asked(busy.deps, head))
    assert sum(count for _, count in board.states) == 3
    assert board.whole.due == 2
    with refused("area_outside"):
        asked(busy.deps, head, "360100")


async def test_nobody_asks_outside_the_own_area(busy: Town) -> None:
    """R185."""
    officer = await watching(busy, "360100")
    for division in ("440000", "360000", "360400"):
        with refused("area_outside"):
            asked(busy.deps, officer, division)
    assert asked(busy.deps, officer, "360102").area.prefix == "360102"
    with refused("division_unknown"):
        asked(busy.deps, officer, "369900")
    with refused("period_wrong", most_days=731):
        asked(busy.deps, officer, None, date(2020, 1, 1), date(2026, 1, 1))
    with refused("staff_role_missing"):
        asked(busy.deps, await busy.clerk())


async def test_each_first_card_is_settled_with_seventeen_yuan_by_county_and_month(busy: Town) -> None:
    """R152: integer fen, thirteen for the state and four for the province; no rule, no sum."""
    (line,) = await settlement(busy.deps, asked(busy.deps, await watching(busy, "360000")))
    assert (line.place, line.month, line.cards) == ("江西省赣州市章贡区", "2026-09", 1)
    assert (line.fen, line.state_fen, line.province_fen) == (1700, 1300, 400)
    (other,) = await settlement(busy.deps, asked(busy.deps, await watching(busy, "440000", "gd")))
    assert (other.cards, other.fen) == (2, None)


async def test_the_list_to_take_away_names_every_review_and_no_person(busy: Town) -> None:
    officer = await watching(busy, "440000")
    rows = [row async for batch in clock_rows(asked(busy.deps, officer)) for row in batch]
    assert sorted(row[-1] or "" for row in rows) == ["否", "是"]
    assert "示例甲" not in str(rows)


async def test_cities_without_a_liaison_are_named(town: Town) -> None:
    """R183, R188."""
    chief = await watching(town, "360000")
    await name_contact(town.deps, chief, NewContact(ContactDuty.LIAISON, "示例联络员", "000-1", "360100"))
    assert (await directory(town.deps, chief)).missing == ("江西省九江市", "江西省赣州市")
    named = {line.city: line.liaison for line in await go_live(town.deps, asked(town.deps, chief))}
    assert named == {"江西省南昌市": True, "江西省九江市": False, "江西省赣州市": False}
    town.clock.turn(days=91)
    (known,) = (await directory(town.deps, await watching(town, "360000"))).contacts
    assert known.stale  # R184
    await keep_contact(town.deps, chief, known.id, still=True)
    assert not (await directory(town.deps, chief)).contacts[0].stale
    with refused("contact_not_found"):
        await keep_contact(town.deps, await watching(town, "440000", "gd"), known.id, still=False)
    with refused("area_outside"):
        await name_contact(town.deps, chief, NewContact(ContactDuty.LIAISON, "示例", "000", "440000"))


async def test_nobody_is_named_for_the_whole_country_and_such_a_row_spoils_no_list(town: Town) -> None:
    """A contact is looked for in county, city and province; a list with an odd row in it is still read."""
    national = await watching(town, "000000", "national")
    for division in (None, "000000", ""):
        with refused("contact_place_required"):
            await name_contact(town.deps, national, NewContact(ContactDuty.LIAISON, "示例", "000", division))
    await add_contact(
        duty=ContactDuty.LIAISON, division="000000", unit=None, name="示例", phone="000", kept_by="-",
        verified_at=town.clock.now(),
    )  # fmt: skip
    assert [one.place for one in (await directory(town.deps, national)).contacts] == ["全国"]


async def test_a_follow_up_is_noted_and_closed_by_a_supervisor_of_the_area(busy: Town) -> None:
    """R101, R186."""
    chief = await watching(busy, "360700")
    (one,) = await follow_up_list(busy.deps, chief)
    assert (one.kind, one.contact, one.days_over) == (ClockKind.REVIEW, None, 2)
    with refused("follow_up_note_missing"):
        await note_follow_up(busy.deps, chief, one.id, " ")
    await note_follow_up(busy.deps, chief, one.id, "已电话督促")
    await note_follow_up(busy.deps, chief, one.id, "对方今天签发", close=True)
    assert await follow_up_list(busy.deps, chief) == ()
    (closed,) = await follow_up_list(busy.deps, chief, open_only=False)
    assert [note.text for note in closed.notes] == ["已电话督促", "对方今天签发"]
    with refused("follow_up_closed"):
        await note_follow_up(busy.deps, chief, one.id, "再记一笔")
    with refused("follow_up_not_found"):
        await note_follow_up(busy.deps, await watching(busy, "440000", "gd"), one.id, "不是我的")


async def test_a_warning_reaches_who_watches_the_place_and_is_taken_note_of(busy: Town) -> None:
    """R090: the reviewer and the supervisor of the household place, and nobody of another."""
    chief = await watching(busy, "360702")
    (warning,) = [one for one in await my_warnings(busy.deps, chief) if one.kind is ClockKind.REVIEW]
    assert (warning.level, warning.decided, warning.seen_at) == (WarningLevel.OVERDUE, False, None)
    stranger = await watching(busy, "440100", "gd")
    with refused("warning_not_found"):
        await take_note(busy.deps, stranger, warning.id)
    await take_note(busy.deps, chief, warning.id)
    seen = {one.id: one.seen_at for one in await my_warnings(busy.deps, chief)}
    assert seen[warning.id] == busy.clock.now()
    busy.clock.turn(hours=1)
    chief = await watching(busy, "360702")
    await take_note(busy.deps, chief, warning.id)
    assert {one.id: one.seen_at for one in await my_warnings(busy.deps, chief)} == seen
    assert ADULT.household == "360702"
    assert timedelta(0) < busy.clock.now() - warning.given_at
