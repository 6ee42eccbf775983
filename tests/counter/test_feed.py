"""The operator's list of what the file feed set aside: why, tried again, or dismissed with a reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from casework.deps import Deps
from casework.take_feed import take_feed
from domain.terms import CaseState, KeyAlgorithm, ReportKind, SetAsideStatus
from gateways.feed_folder import FeedFolder
from gateways.station_signing import make_signing_key
from models.audit import AuditEntry
from models.case import Case
from models.feed import SetAside
from models.staff import keep_station_key
from tests.casework.feeds import Station
from tests.counter.conftest import OpenConsole
from tests.counter.people import HOUSEHOLD_KEY, adult
from tests.counter.test_counter_work import accepted
from tests.workers.wiring import TurnedClock

NUMBER = "3601022026111800000001"


@pytest.fixture
async def aside(deps: Deps, clock: TurnedClock, tmp_path: Path) -> tuple[int, int]:
    """Ids of a line about a case that is not there yet, and of one that can't be read."""
    private, public = make_signing_key()
    await keep_station_key(HOUSEHOLD_KEY, "household-sign", KeyAlgorithm.ES256, public, clock.now())
    feeding = replace(deps, feed=FeedFolder(tmp_path / "feed"))
    early = {
        "report_id": "r-1", "kind": str(ReportKind.REVIEW_STARTED), "acceptance_number": NUMBER,
        "at": clock.now().isoformat(), "unit": "演示户籍地派出所", "facts": {},
    }  # fmt: skip
    Station(feeding, tmp_path / "feed", private, HOUSEHOLD_KEY).drop(early, '{"report_id": "half a li')
    await take_feed(feeding)
    first, second = await SetAside.all().order_by("line")
    return first.id, second.id


async def test_a_line_that_came_too_early_is_tried_by_hand_until_it_goes_in(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock, aside: tuple[int, int]
) -> None:
    operator, early = await at_desk("operator"), f"/feed/{aside[0]}"
    page = await operator.get("/feed")
    assert f"受理号 {NUMBER}" in page.text
    assert "没有找到这件申请" in page.text
    assert (await operator.send(page, early, {"answer": "try"})).location == "/feed?done=still"
    assert "仍不能补入" in (await operator.get("/feed?done=still")).text
    walker = await adult(deps)
    await accepted(await at_desk(), deps, walker)
    assert (await operator.send(page, early, {"answer": "try"})).location == "/feed?done=in"
    assert (await Case.get(number=walker.number)).state is CaseState.UNDER_REVIEW
    gone = await operator.send(page, early, {"answer": "try"})
    assert (gone.status, gone.refused) == (404, "set_aside_not_found")


async def test_a_line_is_dismissed_with_a_reason_only(at_desk: OpenConsole, aside: tuple[int, int]) -> None:
    operator, cut = await at_desk("operator"), f"/feed/{aside[1]}"
    page = await operator.get("/feed")
    bare = await operator.send(page, cut, {"answer": "dismiss", "note": " "})
    assert (bare.status, bare.refused) == (422, "reason_required")
    assert bare.offers(cut)
    done = await operator.send(page, cut, {"answer": "dismiss", "note": "对方已重新上报"})
    assert done.location == "/feed?done=dismissed"
    line = await SetAside.get(id=aside[1])
    assert (line.status, line.note, line.settled_by) == (SetAsideStatus.DISMISSED, "对方已重新上报", "staff:operator")
    assert await AuditEntry.filter(act="dismiss_set_aside").count() == 1
    assert not (await operator.get("/feed")).offers(cut)
    token = {"csrf_token": await operator.csrf_token(), "answer": "try"}
    for number in ("0", "x", "9" * 12):
        assert (await operator.post(f"/feed/{number}", token)).refused == "set_aside_not_found"
