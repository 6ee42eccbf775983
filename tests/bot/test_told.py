"""An answer in one piece is the answer aiohttp would send, on every kind of connection."""

import asyncio
import re
import socket
from urllib.parse import urlencode, urlsplit

from structlog.testing import capture_logs

from bot.headers import HEADERS
from tests.bot.pushing import Pusher, message
from tests.lines import hang_up

_ANSWER = re.compile(rb"HTTP/1\.[01] (\d+) [^\r]*\r\n(.*?)\r\n\r\n", re.DOTALL)


def posting(pusher: Pusher, inner: str, *lines: str, version: str = "1.1") -> bytes:
    """A push as bytes."""
    query, body = pusher.posting(inner)
    head = (
        f"POST /bot/official-account?{urlencode(query)} HTTP/{version}", f"Host: {urlsplit(pusher.url).netloc}",
        "Content-Type: text/xml", f"Content-Length: {len(body)}", *lines,
    )  # fmt: skip
    return "\r\n".join((*head, "", "")).encode() + body


async def opened(pusher: Pusher) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    at = urlsplit(pusher.url)
    return await asyncio.open_connection(at.hostname, at.port)


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer."""
    head = _ANSWER.fullmatch(await reader.readuntil(b"\r\n\r\n"))
    assert head is not None
    headers = dict(line.split(": ", 1) for line in head[2].decode().split("\r\n"))
    return int(head[1]), headers, await reader.readexactly(int(headers["Content-Length"]))


async def test_head_is_the_one_aiohttp_sends(pusher: Pusher) -> None:
    """Of a connection that is to be closed the answer is aiohttp's own."""
    told = []
    for lines in ((), ("Connection: close",)):
        reader, writer = await opened(pusher)
        writer.write(posting(pusher, message("附近"), *lines))
        told.append(await answer(reader))
        await hang_up(writer)
    ready, plain = told
    assert (ready[0], plain[0]) == (200, 200)
    assert plain[1].pop("Connection") == "close"
    for headers in (ready[1], plain[1]):
        assert abs(int(headers.pop("Content-Length")) - len(ready[2])) < 8
        assert headers.pop("Date").endswith("GMT")
    assert ready[1] == plain[1]
    assert ready[1].items() >= HEADERS.items()


async def test_connection_goes_on_or_ends_as_the_client_says(pusher: Pusher) -> None:
    reader, writer = await opened(pusher)
    for lines in ((), (), ("Connection: close",)):
        writer.write(posting(pusher, message("附近"), *lines))
        assert (await answer(reader))[0] == 200
    assert await reader.read() == b""
    await hang_up(writer)
    reader, writer = await opened(pusher)
    writer.write(posting(pusher, message("附近"), version="1.0"))
    assert (await answer(reader))[0] == 200
    assert await reader.read() == b""
    await hang_up(writer)


async def test_pushes_sent_without_waiting_are_answered_in_their_order(pusher: Pusher) -> None:
    """Among them one that is refused and an empty answer, which go another way."""
    bad = posting(pusher, message("附近")).replace(b"msg_signature=", b"msg_signature=0")
    reader, writer = await opened(pusher)
    with capture_logs():
        writer.write(posting(pusher, message("附近")) + bad + posting(pusher, message("指南")))
        told = [await answer(reader) for _ in range(3)]
    assert [status for status, _, _ in told] == [200, 403, 200]
    assert len(told[0][2]) < len(told[2][2])
    await hang_up(writer)


async def test_client_that_does_not_read_is_not_written_to_for_ever_and_loses_nothing(pusher: Pusher) -> None:
    many, one = 1500, posting(pusher, message("附近", 4711))
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    at = urlsplit(pusher.url)
    await asyncio.get_running_loop().sock_connect(client, (at.hostname, at.port))
    reader, writer = await asyncio.open_connection(sock=client, limit=2**12)

    async def send() -> None:
        for _ in range(many):
            writer.write(one)
            await writer.drain()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0.5)
    bodies = [(await answer(reader))[2] for _ in range(many)]
    await sending
    assert len({len(body) for body in bodies}) == 1
    await hang_up(writer)


async def test_client_that_leaves_before_the_answer_troubles_nobody(pusher: Pusher) -> None:
    with capture_logs() as logs:
        for number in range(5):
            _, writer = await opened(pusher)
            writer.write(posting(pusher, message("附近", 900 + number)))
            await writer.drain()
            writer.transport.abort()
        assert await pusher.say("附近", 950)
    assert [line for line in logs if line["log_level"] in {"warning", "error"}] == []
