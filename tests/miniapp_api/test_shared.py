"""What many people get alike is written once: never other bytes than the view, and never older than the view."""

from datetime import UTC, datetime
from typing import Any

from aiohttp.test_utils import make_mocked_request

from casework.views import SlotView
from miniapp_api.shared import Shared
from tests.miniapp_api.people import ITEM, V1, Answer, Citizen, WeChat, booked, opened
from tests.miniapp_api.test_headers import assert_guarded

TUESDAY = "2026-09-15"


async def read(visitor: Citizen, point: str, known: str | None = None, **query: str) -> Answer:
    asked: dict[str, Any] = {"params": {"item": ITEM, "day": TUESDAY, **query}}
    if known:
        asked["headers"] = {"If-None-Match": known}
    return await visitor.ask("GET", f"{V1}/points/{point}/slots", **asked)


async def test_who_has_the_answer_is_not_sent_it_again_until_it_changes(
    citizen: Citizen, wechat: WeChat, point: str
) -> None:
    first = await read(citizen, point)
    known = first.headers["ETag"]
    again = await read(citizen, point, known)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", known)
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "no-cache"
    assert_guarded(again)
    number = await opened(citizen, wechat)
    assert (await booked(citizen, number)).status == 200
    changed = await read(citizen, point, f'W/"other", {known}')
    assert (changed.status, changed.headers["ETag"] != known) == (200, True)
    assert sum(slot["free"] for slot in changed.json) == sum(slot["free"] for slot in first.json) - 1


async def test_each_asks_for_their_own(visitor: Citizen, point: str) -> None:
    """An answer for another day, or for applicants under 16, is another answer."""
    first = await read(visitor, point)
    other = await read(visitor, point, first.headers["ETag"], day="2026-09-16")
    assert (other.status, other.json[0]["starts_at"]) == (200, "2026-09-16T01:00:00Z")
    minor = await read(visitor, point, age="under_16")
    assert minor.json == first.json


async def test_the_times_are_written_as_everywhere_else(visitor: Citizen, point: str) -> None:
    answer = await read(visitor, point)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json[0] == {"starts_at": "2026-09-15T01:00:00Z", "ends_at": "2026-09-15T01:30:00Z", "free": 3}


async def test_a_refusal_is_as_ever_and_has_no_mark(visitor: Citizen, point: str) -> None:
    refused = await read(visitor, "NOWHERE")
    assert (refused.status, refused.json["code"], "ETag" in refused.headers) == (404, "station_not_found", False)
    assert refused.headers["Cache-Control"] == "no-store"


def test_the_same_view_is_the_same_bytes_and_few_are_kept() -> None:
    shared, request = Shared(), make_mocked_request("GET", "/")
    noon = datetime(2026, 9, 15, 4, tzinfo=UTC)
    view = (SlotView(noon, noon, 1),)
    first = shared.answer(request, view)
    assert shared.answer(request, view).body is first.body
    for free in range(1000):
        assert f'"free":{free}'.encode() in bytes(shared.answer(request, (SlotView(noon, noon, free),)).body)  # type: ignore[arg-type]
    assert len(shared._kept) <= 64
