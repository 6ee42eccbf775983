"""What is announced about a place, a station or a service is told with the answer about it (R199, R201)."""

from datetime import date, timedelta

import pytest

from domain.terms import AnnouncementKind, ServiceItem
from models.announcement import write_announcement
from models.place import keep_point
from tests.bot.phone import Phone
from tests.bot.test_topics import ALWAYS, with_a_case

CARD, CERTIFICATE = ServiceItem.ID_CARD_FIRST_APPLICATION, ServiceItem.HOUSEHOLD_CERTIFICATE


@pytest.fixture
async def town(phone: Phone) -> Phone:
    await keep_point(
        "DEMO-NC-1", {CARD: date(2021, 1, 1)}, name="示范市民中心", division="360102", address="江西省南昌市示范路1号",
        phone="079100000000", schedule=ALWAYS, latitude=28.68, longitude=115.9,
    )  # fmt: skip
    return phone


async def announce(phone: Phone, title: str, division: str, **more: object) -> None:
    now = phone.deps.clock.now()
    columns = {"kind": AnnouncementKind.OUTAGE, "starts_at": now, "ends_at": now + timedelta(hours=5), **more}
    columns = {"text": "演示", "publish_at": now, "made_by": "demo", "made_at": now, **columns}
    assert await write_announcement(title=title, division=division, **columns)


async def test_a_station_that_is_out_says_so_to_whoever_scans_it(town: Phone) -> None:
    await announce(town, "设备检修", "360102", point_code="DEMO-NC-1")
    await announce(town, "别处检修", "360102", point_code="DEMO-NC-2")
    told = await town.scan("station:DEMO-NC-1")
    assert "设备检修（示范市民中心）" in told
    assert "别处检修" not in told


async def test_progress_is_told_with_what_concerns_the_own_case(town: Phone) -> None:
    await with_a_case(town)
    await announce(town, "系统升级", "360000")
    await announce(town, "证明停办", "360000", item=CERTIFICATE)
    await announce(town, "外省停办", "440000")
    await announce(town, "还不能说", "360000", publish_at=town.deps.clock.now() + timedelta(days=1))
    told = await town.say("进度")
    assert "系统升级（江西省）" in told
    assert [words for words in ("证明停办", "外省停办", "还不能说") if words in told] == []


async def test_an_answer_about_two_places_tells_what_is_announced_where_one_applies(town: Phone) -> None:
    await announce(town, "南昌暂停受理", "360100")
    await announce(town, "赣州暂停受理", "360700")
    await announce(
        town, "怎样办理", "360000", kind=AnnouncementKind.POLICY, starts_at=None, ends_at=None, topic="t",
        document_number="演示〔2026〕1号",
    )  # fmt: skip
    told = await town.say("指南 赣州市章贡区 南昌市东湖区")
    assert "南昌暂停受理" in told or "另有1条公告" in told
    assert "赣州暂停受理" not in told
    assert "怎样办理" not in told


async def test_nothing_announced_leaves_the_answer_as_it_was(town: Phone) -> None:
    assert "公告" not in await town.scan("station:DEMO-NC-1")
