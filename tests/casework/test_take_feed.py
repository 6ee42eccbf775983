"""The file feed: signed batches; every line in, known, or set aside with a reason; nothing twice, nothing lost."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from casework import take_feed as feed_act
from casework.correct_acceptance import correct_acceptance_number
from casework.track import my_case
from domain.terms import BatchStatus, CaseState, KeyAlgorithm, NoticeKind, ReportKind
from gateways.station_signing import make_signing_key
from models.case import Case, CaseEvent
from models.feed import FeedBatch, SetAside
from models.notice import Notice
from models.staff import keep_station_key
from tests.casework.feeds import Station, codes_aside, said, station_at, the_batch
from tests.casework.refused import refused
from tests.casework.town import JX_CENTRE, JX_COUNTER, JX_POLICE, NANCHANG, Town, TurnedClock
from tests.casework.way import MINOR, Way, gone

ACCEPTED, DECLINED, ARRIVED, RELEASED = (
    ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED,
)  # fmt: skip


@pytest.fixture
async def station(town: Town, tmp_path: Path) -> Station:
    return await station_at(town, tmp_path / "feed")


async def state_of(way: Way) -> CaseState:
    return (await my_case(way.deps, way.citizen, way.number)).state


async def test_a_counter_without_the_console_reports_the_whole_way_by_files(town: Town, station: Station) -> None:
    """Accepted, arrived, released: the same events, notices and clocks as at the console (R072, R117, R120)."""
    way = await gone(town, "signed")
    station.drop(said(way, ACCEPTED))
    await station.take()
    case = await my_case(town.deps, way.citizen, way.number)
    assert (case.state, case.acceptance_number, case.slip_number) == (
        CaseState.ACCEPTED, way.acceptance_number, way.slip_number,
    )  # fmt: skip
    assert case.booking is None
    for step in ("under_review", "issued", "in_production", "dispatched"):
        await way._step(step)
    station.drop(said(way, ARRIVED), said(way, RELEASED))
    await station.take()
    assert await state_of(way) is CaseState.CLOSED
    owed = {notice.kind for notice in await Notice.all()}
    assert owed >= {NoticeKind.ACCEPTED, NoticeKind.READY_FOR_PICKUP, NoticeKind.RELEASED}
    assert station.left() == []
    assert "全部处理完毕" in station.report()


async def test_the_same_batch_and_the_same_event_again_change_nothing(town: Town, station: Station) -> None:
    way = await gone(town, "signed")
    station.drop(said(way, ACCEPTED), batch="7", name="7")
    await station.take()
    events = await CaseEvent.all().count()
    station.drop(said(way, ACCEPTED), batch="7", name="7")
    station.drop(said(way, ACCEPTED), said(way, ACCEPTED, report_id="another"), batch="8")
    await station.take()
    assert await CaseEvent.all().count() == events
    assert await FeedBatch.all().count() == 2
    assert ((await the_batch()).taken, (await the_batch()).known) == (0, 2)
    assert station.left() == []
    assert len([name for name in station.left("done") if name.endswith(".jsonl")]) == 3


async def test_a_batch_number_is_not_used_for_another_content(town: Town, station: Station) -> None:
    way = await gone(town, "signed")
    station.drop(said(way, ACCEPTED), batch="7")
    await station.take()
    station.drop(said(way, DECLINED), batch="7")
    await station.take()
    assert "批次号已经用过" in station.report("refused")
    assert await state_of(way) is CaseState.ACCEPTED


async def test_released_before_arrived_waits_and_goes_in_when_the_missing_event_comes(
    town: Town, station: Station, tmp_path: Path
) -> None:
    way = await gone(town, "dispatched")
    station.drop(said(way, RELEASED))
    await station.take()
    assert await codes_aside() == [(2, "step_out_of_order", "open")]
    assert "第2行：环节顺序不对。" in station.report()
    assert "自动再试" in station.report()
    station.drop(said(way, ARRIVED))
    await station.take()
    assert await state_of(way) is CaseState.ARRIVED
    town.clock.turn(seconds=61)
    await station.take()
    assert await state_of(way) is CaseState.CLOSED
    assert await codes_aside() == [(2, "step_out_of_order", "taken")]


async def test_events_of_one_batch_in_the_wrong_order_all_go_in(town: Town, station: Station) -> None:
    way = await gone(town, "dispatched")
    station.drop(said(way, RELEASED), said(way, ARRIVED))
    await station.take()
    assert await state_of(way) is CaseState.CLOSED
    assert "已登记2行" in station.report()


async def test_bad_lines_are_set_aside_each_with_a_reason_while_the_rest_goes_in(town: Town, station: Station) -> None:
    way, other = await gone(town, "signed"), await gone(town, "signed")
    content = [
        b"this is no JSON",
        b'{"report_id": "x", "kind": "closed"}',
        *(str(line).encode() for line in ("[]", "")),
        b'{"unit": "a", ' + str(said(way, ACCEPTED)).replace("'", '"').encode()[1:],
        b"\xff\xfe\x00",
        b'"' + b"x" * 40_000 + b'"',
    ]
    file = station.folder / "x"
    good = station.drop(said(way, ACCEPTED), said(other, DECLINED, decline_reason="data_mismatch", officer="NC-1"))
    lines = good.read_bytes().split(b"\n")[1:3]
    for path in (good, good.with_name(good.name + ".sig")):
        path.unlink()
    body = b"\n".join([lines[0], *content, lines[1], lines[0][: len(lines[0]) // 2]])
    station.drop_bytes(station.header(9) + body)
    await station.take()
    assert (await state_of(way), await state_of(other)) == (CaseState.ACCEPTED, CaseState.DECLINED)
    assert await codes_aside() == [
        (3, "report_malformed", "open"),
        (4, "report_malformed", "open"),
        (5, "report_malformed", "open"),
        (6, "report_malformed", "open"),
        (7, "report_malformed", "open"),
        (8, "feed_line_too_long", "open"),
        (10, "feed_line_cut_off", "open"),
    ]
    told = station.report()
    assert "共9行：已登记2行" in told
    assert "第10行：最后一行不完整。" in told
    assert way.identity_number not in told
    assert not file.exists()


async def test_a_count_that_differs_is_told_and_holds_nothing_back(town: Town, station: Station) -> None:
    way = await gone(town, "signed")
    line = station.drop(said(way, ACCEPTED)).read_bytes().split(b"\n")[1]
    for name in station.left():
        (station.folder / name).unlink()
    station.drop_bytes(station.header(12) + line + b"\n")
    await station.take()
    assert "文件头写明12行，实际1行" in station.report()
    assert await state_of(way) is CaseState.ACCEPTED


async def test_a_changed_an_unsigned_and_a_strangers_file_go_in_by_no_line(town: Town, station: Station) -> None:
    way = await gone(town, "signed")
    changed = station.drop(said(way, ACCEPTED))
    changed.write_bytes(changed.read_bytes().replace(b"NC-0042", b"NC-0043"))
    cut = station.drop(said(way, ACCEPTED))
    cut.write_bytes(cut.read_bytes()[:-40])
    station.drop(said(way, ACCEPTED), station="nobody")
    station.drop(said(way, ACCEPTED), station=JX_POLICE)  # signed by another station's key
    station.drop_bytes(b"", "empty")
    station.drop_bytes(b"\n\n", "blank")
    station.drop_bytes(b"x" * 100_000, "long")
    waits = station.drop(said(way, ACCEPTED))
    waits.with_name(waits.name + ".sig").unlink()
    await station.take()
    codes = sorted(str(batch.code) for batch in await FeedBatch.filter(status=BatchStatus.REFUSED))
    assert codes == ["feed_header_malformed"] * 3 + ["feed_signature_bad"] * 3 + ["feed_station_unknown"]
    assert await state_of(way) is CaseState.OPEN
    assert station.left() == [waits.name]  # still being copied, for all we know
    assert len([name for name in station.left("refused") if name.endswith(".jsonl")]) == 7
    assert "一行也没有登记" in station.report("refused")


async def test_two_keys_are_valid_while_a_station_changes_them(town: Town, station: Station) -> None:
    way, later = await gone(town, "signed"), await gone(town, "signed")
    old = station.private
    station.private, public = make_signing_key()
    await keep_station_key(JX_COUNTER, "jx-counter-2", KeyAlgorithm.ES256, public, town.clock.now())
    station.drop(said(way, ACCEPTED))
    station.private = old
    station.drop(said(later, ACCEPTED))
    await station.take()
    assert (await state_of(way), await state_of(later)) == (CaseState.ACCEPTED, CaseState.ACCEPTED)
    ends = town.clock.now() + timedelta(hours=1)
    await keep_station_key(JX_COUNTER, "jx-counter-2", KeyAlgorithm.ES256, public, town.clock.now(), ends_at=ends)
    town.clock.turn(hours=1)
    station.private = make_signing_key()[0]
    station.drop(said(way, ACCEPTED))
    await station.take()
    assert (await the_batch()).code == "feed_signature_bad"


async def test_a_station_reports_only_its_own_kinds_and_cases(town: Town, tmp_path: Path) -> None:
    way = await gone(town, "signed")
    centre = await station_at(town, tmp_path / "feed", JX_CENTRE)
    centre.drop(said(way, ACCEPTED))
    await centre.take()
    assert await codes_aside() == [(2, "report_not_yours", "open")]
    assert await state_of(way) is CaseState.OPEN


async def test_an_acceptance_states_its_officer_and_for_a_child_the_guardian(town: Town, station: Station) -> None:
    """C6.1, C6.2: no acceptance without an officer, none of a minor without guardian and same-frame picture (R073)."""
    way = await gone(town, "signed", MINOR)
    station.drop(
        said(way, ACCEPTED, "1", officer=None, guardian_present=True, same_frame_photo=True),
        said(way, ACCEPTED, "2", guardian_present=True),
        said(way, ACCEPTED, "3", same_frame_photo=True),
        said(way, ACCEPTED, "4", slip_number=None, guardian_present=True, same_frame_photo=True),
    )
    await station.take()
    fields = [one.facts["field"] for one in await SetAside.all().order_by("line")]
    assert fields == ["facts.officer", "facts.same_frame_photo", "facts.guardian_present", "facts.slip_number"]
    station.drop(said(way, ACCEPTED, "5", guardian_present=True, same_frame_photo=True))
    await station.take()
    assert await state_of(way) is CaseState.ACCEPTED


async def test_a_mistyped_acceptance_number_is_corrected_by_the_clerk_and_what_waited_goes_in(
    town: Town, tmp_path: Path
) -> None:
    """R143: the station's number is the true one; reports under it wait until the clerk has corrected ours."""
    police = await station_at(town, tmp_path / "feed", JX_POLICE)
    way = await gone(town, "accepted")
    right = way.acceptance_number[:-2] + "77"
    wrong, way.acceptance_number = way.acceptance_number, right
    police.drop(said(way, ReportKind.REVIEW_STARTED))
    await police.take()
    assert await codes_aside() == [(2, "case_not_found", "open")]
    clerk = await town.clerk(NANCHANG)
    with refused("correction_reason_required"):
        await correct_acceptance_number(town.deps, clerk, way.number, acceptance_number=right, reason=" ")
    done = await correct_acceptance_number(
        town.deps, clerk, way.number, acceptance_number=right, reason="录入时看错一行"
    )
    assert done.acceptance_number == right
    event = await CaseEvent.get(kind="acceptance_number_corrected")
    assert event.facts == {"was": wrong, "is": right}
    assert "录入" not in str((await my_case(town.deps, way.citizen, way.number)).history)
    town.clock.turn(seconds=61)
    await police.take()
    assert await state_of(way) is CaseState.UNDER_REVIEW


async def test_an_acceptance_under_another_number_is_no_duplicate(town: Town, station: Station) -> None:
    way = await gone(town, "accepted")
    way.acceptance_number = way.acceptance_number[:-2] + "78"
    station.drop(said(way, ACCEPTED))
    await station.take()
    assert await codes_aside() == [(2, "acceptance_number_differs", "open")]


async def test_a_correction_never_takes_another_cases_number(town: Town) -> None:
    one, other = await gone(town, "accepted"), await gone(town, "accepted")
    clerk = await town.clerk(NANCHANG)
    with refused("acceptance_number_used"):
        await correct_acceptance_number(
            town.deps, clerk, one.number, acceptance_number=other.acceptance_number, reason="-"
        )
    with refused("acceptance_number_unchanged"):
        await correct_acceptance_number(
            town.deps, clerk, one.number, acceptance_number=one.acceptance_number, reason="-"
        )
    with refused("not_accepted_yet"):
        opened = await gone(town, "signed")
        await correct_acceptance_number(
            town.deps, clerk, opened.number, acceptance_number="3601" + "9" * 18, reason="-"
        )
    assert (await Case.get(number=one.number)).acceptance_number == one.acceptance_number


class HurriedClock(TurnedClock):
    """Every look at it takes seconds."""

    def now(self) -> datetime:
        self.turn(seconds=3)
        return super().now()


async def test_a_long_batch_is_taken_in_slices_and_none_of_them_twice(
    town: Town, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_act, "_NOTED_EVERY", 1)
    ways = [await gone(town, "signed") for _ in range(3)]
    station.drop(*(said(way, ACCEPTED) for way in ways), said(ways[0], ACCEPTED, report_id="again"))
    station.deps = replace(station.deps, clock=HurriedClock(town.clock.at))
    runs = [await station.take() for _ in range(12)]
    assert sum(runs) == 4
    assert max(runs) < 4
    assert [await state_of(way) for way in ways] == [CaseState.ACCEPTED] * 3
    batch = await the_batch()
    assert (batch.lines, batch.taken, batch.known, batch.status) == (4, 3, 1, BatchStatus.TAKEN)


async def test_a_file_full_of_bad_lines_is_stopped(
    town: Town, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_act, "MOST_SET_ASIDE", 30)
    station.drop(*(f"bad {n}" for n in range(200)))
    await station.take()
    assert await SetAside.all().count() == 50
    assert (await the_batch()).code == "feed_too_many_set_aside"
    assert "问题太多，已停止处理" in station.report("refused")
