"""Answers at hand: the same answer as the ordinary way's, in the order of the requests, and never an outdated one."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient

from miniapp_api.at_hand import AtHand
from miniapp_api.keys import AT_HAND
from miniapp_api.shared import takes_gzip
from models.place import AcceptancePoint, make_closure, set_booking
from tests.lines import hang_up
from tests.miniapp_api.people import ITEM, V1, Citizen, TurnedClock, WeChat, booked, opened

TUESDAY = "2026-09-15"
Head = dict[str, str]


class Line:
    """A connection of one's own, on which every byte is ours."""

    def __init__(self, at_hand: AtHand, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_hand, self.reader, self.writer = at_hand, reader, writer

    def was_at_hand(self, head: Head) -> bool:
        """By its id: those at hand have the beginning in common."""
        return bool(self.at_hand.ids_begin) and head["x-request-id"].startswith(self.at_hand.ids_begin)

    def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def hear(self) -> tuple[int, Head, bytes]:
        """One answer: status, headers, body."""
        async with asyncio.timeout(10):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            assert len(head) == len(lines)
            return int(first.split(" ")[1]), head, await self.reader.readexactly(int(head.get("content-length", "0")))

    async def ask(self, *parts: bytes) -> tuple[int, Head, bytes]:
        self.send(*parts)
        return await self.hear()


def slots(point: str, *headers: str, method: str = "GET", version: str = "1.1", **query: str) -> bytes:
    asked = "&".join(f"{name}={value}" for name, value in ({"item": ITEM, "day": TUESDAY} | query).items())
    lines = [f"{method} {V1}/points/{point}/slots?{asked} HTTP/{version}", "Host: here", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.fixture
async def line(door: TestClient[Any, Any]) -> AsyncIterator[Line]:
    async with calling(door) as line:
        yield line


@asynccontextmanager
async def calling(door: TestClient[Any, Any]) -> AsyncIterator[Line]:
    assert door.app is not None
    line = Line(door.app[AT_HAND], *await asyncio.open_connection(door.server.host, door.server.port))
    try:
        yield line
    finally:
        await hang_up(line.writer)


async def known(line: Line, point: str) -> tuple[Head, bytes]:
    """The ordinary answer, after which it is at hand."""
    status, head, body = await line.ask(slots(point))
    assert (status, line.was_at_hand(head)) == (200, False)
    return head, body


async def test_what_is_at_hand_is_answered_as_the_ordinary_way_answers_it(line: Line, point: str) -> None:
    ordinary, body = await known(line, point)
    status, head, again = await line.ask(slots(point))
    assert (status, again, line.was_at_hand(head)) == (200, body, True)
    own = {"date": "", "x-request-id": ""}
    assert head | own == ordinary | own
    assert len(head["x-request-id"]) == len(ordinary["x-request-id"]) == 24


async def test_who_has_it_is_not_sent_it_again(line: Line, point: str) -> None:
    ordinary, _ = await known(line, point)
    status, head, body = await line.ask(slots(point, f"If-None-Match: {ordinary['etag']}"))
    assert (status, body, head["etag"], line.was_at_hand(head)) == (304, b"", ordinary["etag"], True)


async def test_pressed_for_who_can_open_it_and_for_nobody_else(line: Line, point: str) -> None:
    await set_up_many(point)
    plain, body = await known(line, point)
    for at_hand in (True, True):
        status, head, pressed = await line.ask(slots(point, "Accept-Encoding: br, gzip"))
        assert (status, head["content-encoding"], line.was_at_hand(head)) == (200, "gzip", at_hand)
        assert gzip.decompress(pressed) == body
        assert (head["vary"], plain["vary"]) == ("Accept-Encoding",) * 2
        assert head["etag"] != plain["etag"]
    assert (await line.ask(slots(point, f"If-None-Match: {head['etag']}", "Accept-Encoding: gzip")))[0] == 304
    _, refused, again = await line.ask(slots(point, "Accept-Encoding: gzip;q=0"))
    assert ("content-encoding" in refused, again) == (False, body)


async def set_up_many(point: str) -> None:
    """So many slots a day that pressing is worth it."""
    kept = await AcceptancePoint.get(code=point)
    kept.schedule = {**kept.schedule, "slot_minutes": 4}
    await kept.save()


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("", False), ("gzip", True), ("GZIP", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("x-gzip", False),
        ("gzip ; q=0.000", False), ("*", False), ("identity", False),
    ],
)  # fmt: skip
def test_gzip_is_taken_by_who_says_so(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


async def test_a_booking_is_seen_by_the_next_who_looks(
    line: Line, citizen: Citizen, wechat: WeChat, point: str
) -> None:
    _, before = await known(line, point)
    number = await opened(citizen, wechat)
    assert (await booked(citizen, number)).status == 200
    after = (await line.ask(slots(point)))[2]
    assert sum(slot["free"] for slot in orjson.loads(after)) == sum(slot["free"] for slot in orjson.loads(before)) - 1


async def test_a_closed_day_is_seen_by_the_next_who_looks(line: Line, point: str) -> None:
    _, body = await known(line, point)
    first = datetime.fromisoformat(orjson.loads(body)[0]["starts_at"])
    kept = await AcceptancePoint.get(code=point)
    await make_closure(
        point_id=kept.id, starts_at=first, ends_at=first + timedelta(hours=1), reason="停电", closed_by="officer:1",
        closed_at=first,
    )  # fmt: skip
    assert len(orjson.loads((await line.ask(slots(point)))[2])) == len(orjson.loads(body)) - 2


async def test_what_time_alone_changes_is_seen_at_once(line: Line, point: str, clock: TurnedClock) -> None:
    """A slot that began too near goes; a day that lies beyond what is released is refused in the ordinary words."""
    _, body = await known(line, point)
    first = datetime.fromisoformat(orjson.loads(body)[0]["ends_at"])
    clock.moment = first
    later = (await line.ask(slots(point)))[2]
    assert len(orjson.loads(later)) == len(orjson.loads(body)) - 1
    clock.moment = first - timedelta(days=40)
    status, head, refused = await line.ask(slots(point))
    assert (status, orjson.loads(refused)["code"], line.was_at_hand(head)) == (409, "slot_beyond_horizon", False)


async def test_settings_changed_are_seen_by_the_next_who_looks(line: Line, point: str) -> None:
    _, body = await known(line, point)
    kept = await AcceptancePoint.get(code=point)
    await set_booking(kept.id, ITEM, capacity=1)  # type: ignore[arg-type]
    assert {slot["free"] for slot in orjson.loads((await line.ask(slots(point)))[2])} == {1}
    assert {slot["free"] for slot in orjson.loads(body)} == {3}


async def test_requests_on_one_connection_are_answered_in_their_order(line: Line, point: str) -> None:
    """Sent together, and one close upon the other: nothing at hand overtakes what takes longer."""
    await known(line, point)
    points = f"GET {V1}/points?item={ITEM}&division=360103 HTTP/1.1\r\nHost: here\r\n\r\n".encode()
    line.send(points, slots(point), points)
    heard = [(await line.hear())[1] for _ in range(3)]
    assert ["etag" in head for head in heard] == [False, True, False]
    for _ in range(20):
        line.send(points)
        await asyncio.sleep(0)
        line.send(slots(point))
        assert ["etag" in (await line.hear())[1] for _ in range(2)] == [False, True]


async def test_a_request_that_comes_in_pieces_is_one_request(line: Line, point: str) -> None:
    """Also when a piece looks like a request of its own: what belongs to a head or a body is never answered."""
    _, body = await known(line, point)
    whole = slots(point)
    for cut in (1, 30, len(whole) - 2):
        line.send(whole[:cut])
        await asyncio.sleep(0.02)
        assert (await line.ask(whole[cut:]))[2] == body
    line.send(b"GET /healthz HTTP/1.1\r\nX-Said: ")
    await asyncio.sleep(0.02)
    status, head, told = await line.ask(whole)  # the value of X-Said, and the end of this head
    assert (status, "etag" in head, told == body) == (200, False, False)


async def test_a_body_that_looks_like_a_request_is_a_body(line: Line, point: str) -> None:
    await known(line, point)
    hidden = slots(point)
    line.send(
        f"POST {V1}/sessions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n".encode(),
        f"Content-Length: {len(hidden)}\r\n\r\n".encode(),
    )
    await asyncio.sleep(0.02)
    status, head, _ = await line.ask(hidden)
    assert (status, "etag" in head) == (400, False)
    assert line.was_at_hand((await line.ask(hidden))[1])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"method": "HEAD"}, 405), ({"method": "POST"}, 405), ({"version": "1.0"}, 200), ({"age": "dragon"}, 422),
        ({"more": "1"}, 422),
    ],
)  # fmt: skip
async def test_whatever_else_goes_the_ordinary_way(
    door: TestClient[Any, Any], line: Line, point: str, asked: dict[str, str], status: int
) -> None:
    await known(line, point)
    line.send(slots(point, **asked))
    head = (await line.reader.readuntil(b"\r\n\r\n")).decode()
    assert (int(head.split(" ")[1]), "X-Request-Id" in head) == (status, True)


async def test_a_connection_to_be_closed_is_closed(line: Line, point: str) -> None:
    await known(line, point)
    status, head, _ = await line.ask(slots(point, "Connection: close"))
    assert (status, line.was_at_hand(head), await line.reader.read()) == (200, False, b"")


async def test_a_body_that_comes_with_the_question_goes_the_ordinary_way(line: Line, point: str) -> None:
    await known(line, point)
    _, head, _ = await line.ask(slots(point, "Content-Length: 2"), b"{}")
    assert not line.was_at_hand(head)
    assert line.was_at_hand((await line.ask(slots(point)))[1])


async def test_a_refusal_is_never_at_hand(line: Line) -> None:
    for _ in range(2):
        status, head, _ = await line.ask(slots("NOWHERE"))
        assert (status, line.was_at_hand(head)) == (404, False)


async def test_who_does_not_read_is_not_written_to_without_end(line: Line, point: str) -> None:
    """Many questions and no reading: what cannot be sent is not asked for again, and nothing is lost of it."""
    await set_up_many(point)
    _, body = await known(line, point)
    asked = 3000
    sending = asyncio.create_task(_send_many(line, slots(point), asked))
    await asyncio.sleep(0.2)
    for _ in range(asked):
        assert (await line.hear())[2] == body
    await sending


async def _send_many(line: Line, request: bytes, times: int) -> None:
    for _ in range(times):
        line.send(request)
        await line.writer.drain()


async def test_a_server_that_stops_answers_what_is_at_hand_and_leaves(door: TestClient[Any, Any], point: str) -> None:
    async with calling(door) as line:
        await known(line, point)
        assert line.was_at_hand((await line.ask(slots(point)))[1])
        await door.server.close()
        assert await line.reader.read() == b""
