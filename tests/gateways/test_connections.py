"""What goes beneath the client library tells the same as the library, on both kinds of event loop (``conftest``)."""

import asyncio
import datetime
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateways import connections
from gateways.connections import Answer
from gateways.http import ask, open_session, post
from gateways.trouble import UnreachableError

Script = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LONG = 1 << 20


@dataclass(frozen=True)
class Heard:
    """One request as it came, and on which connection."""

    connection: int
    head: str
    body: bytes


@dataclass
class Provider:
    """A server that says what a script tells it to, byte by byte."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def provider(
    script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Provider]:
    there = Provider()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.connections += 1
        there.open += 1
        number = there.connections
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length:")[1].split()[0])
                there.heard.append(Heard(number, head, await reader.readexactly(length)))
                there.asked.set()
                await script(there.heard[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            there.open -= 1
            if not there.open:
                there.ended.set()
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    there.url = f"http{'s' if tls else ''}://{host}:{server.sockets[0].getsockname()[1]}/send"
    try:
        yield there
    finally:
        server.close()


def saying(*parts: bytes, close: bool = False) -> Script:
    async def script(heard: Heard, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        if close:
            await writer.drain()
            writer.close()

    return script


async def echo(heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(heard.body), heard.body))


async def told(
    session: aiohttp.ClientSession, url: str, body: bytes = b"{}", *, by_library: bool = False
) -> Answer | str:
    """The answer, or the reason why there is none."""
    headers = {"Content-Type": "application/json"}
    try:
        if by_library:
            return await ask(session, "POST", url, body=body, headers=headers)
        return await post(session, url, body=body, headers=headers)
    except UnreachableError as trouble:
        return trouble.reason


def _chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_BOMB = gzip.compress(bytes(64 << 20))
_GZIP = _HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
SAID: dict[str, tuple[tuple[bytes, ...], bool, Answer | str]] = {
    "length": ((OK,), False, Answer(200, b"ok")),
    "byte by byte": (tuple(bytes([one]) for one in OK), False, Answer(200, b"ok")),
    "chunked": ((_CHUNKED, _chunks(b"o", b"k")), False, Answer(200, b"ok")),
    "until the end": ((_HEAD + b"\r\n", b"o", b"k"), True, Answer(200, b"ok")),
    "old": ((b"HTTP/1.0 200 OK\r\n\r\nok",), True, Answer(200, b"ok")),
    "empty": ((_HEAD + b"Content-Length: 0\r\n\r\n",), False, Answer(200, b"")),
    "nothing to say": ((b"HTTP/1.1 204 No Content\r\n\r\n",), False, Answer(204, b"")),
    "on the way": ((b"HTTP/1.1 100 Continue\r\n\r\n", OK), False, Answer(200, b"ok")),
    "last words": ((_HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",), True, Answer(200, b"ok")),
    "gzip": ((_GZIP % len(gzip.compress(b"ok")) + gzip.compress(b"ok"),), False, Answer(200, b"ok")),
    "html": (
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",), False,
        Answer(502, b"<html>"),
    ),
    "elsewhere": (
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",), False, Answer(302, b""),
    ),
    "as long as may be": (
        (_HEAD + b"Content-Length: %d\r\n\r\n" % LONG, bytes(LONG)), False, Answer(200, bytes(LONG)),
    ),
    "too long": ((_HEAD + b"Content-Length: %d\r\n\r\n" % (LONG + 1), bytes(LONG + 1)), False, "answer_too_long"),
    "too long in chunks": ((_CHUNKED, _chunks(*[bytes(1 << 16)] * 17)), False, "answer_too_long"),
    "too long until the end": ((_HEAD + b"\r\n", bytes(2 * LONG)), True, "answer_too_long"),
    "a bomb": ((_GZIP % len(_BOMB), _BOMB), False, "answer_too_long"),
    "not what it is labelled": ((_GZIP % 2 + b"ok",), False, "ClientPayloadError"),
    "no word": ((), True, "ServerDisconnectedError"),
    "half a head": ((_HEAD + b"Content-Le",), True, "ServerDisconnectedError"),
    "half a body": ((_HEAD + b"Content-Length: 9\r\n\r\nok",), True, "ClientPayloadError"),
    "half its chunks": ((_CHUNKED, _chunks(b"ok")[:5]), True, "ClientPayloadError"),
    "another protocol": ((b"220 mail.example ESMTP\r\n\r\n",), False, "ClientResponseError"),
    "a head without end": ((_HEAD, b"X: " + b"x" * 20_000), False, "ClientResponseError"),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
async def test_what_is_said_is_understood_as_the_library_understands_it(
    said: str, session: aiohttp.ClientSession
) -> None:
    parts, close, meant = SAID[said]
    async with provider(saying(*parts, close=close)) as there:
        assert await told(session, there.url) == meant
        assert await told(session, there.url, by_library=True) == meant
        assert [heard.body for heard in there.heard] == [b"{}", b"{}"]


async def test_broken_chunks_are_no_answer(session: aiohttp.ClientSession) -> None:
    """The library's own word depends on what came in one packet."""
    async with provider(saying(_CHUNKED, b"what\r\n")) as there:
        assert await told(session, there.url) in {"ClientResponseError", "ClientPayloadError"}


async def test_the_library_would_have_asked_the_same(session: aiohttp.ClientSession) -> None:
    async with provider(saying(OK)) as there:
        url = there.url.replace("//", "//who:p%40ss@") + "/a%20b/发?kept=1"
        for way in (post, _by_library):
            await way(session, url, params={"token": "a+b/=&c"}, body=b"{}", headers={"X-Sms-Signature": "00"})
        ours, theirs = (heard.head for heard in there.heard)
        line, *headers = ours.strip().split("\r\n")
        its_line, *its_headers = theirs.strip().split("\r\n")
        assert sorted(headers) == sorted(one for one in its_headers if not one.startswith("Content-Type"))
        assert line == its_line.replace("a%2Bb/%3D%26c", "a%2Bb%2F%3D%26c")  # the same, spelled in full


async def _by_library(
    session: aiohttp.ClientSession, url: str, *, params: dict[str, str], body: bytes, headers: dict[str, str]
) -> Answer:
    return await ask(session, "POST", url, params=params, body=body, headers=headers)


async def test_one_connection_serves_many_and_no_answer_goes_astray(session: aiohttp.ClientSession) -> None:
    async with provider(echo) as there:
        for number in range(20):
            assert await told(session, there.url, b"%d" % number) == Answer(200, b"%d" % number)
        assert there.connections == 1
        bodies = [b"%d" % number for number in range(500)]
        answers = await asyncio.gather(*(told(session, there.url, body) for body in bodies))
        assert answers == [Answer(200, body) for body in bodies]
        assert there.connections <= connections.MOST_CONNECTIONS


async def test_a_connection_closed_while_idle_is_replaced(session: aiohttp.ClientSession) -> None:
    async with provider(saying(OK, close=True)) as there:
        for _ in range(3):
            assert await told(session, there.url) == Answer(200, b"ok")
            await there.ended.wait()
            await asyncio.sleep(0.02)
        assert there.connections == len(there.heard) == 3


@pytest.mark.parametrize("reset", [False, True])
async def test_a_request_that_may_have_been_heard_is_never_repeated(
    reset: bool, session: aiohttp.ClientSession
) -> None:
    """The connection served one before; the library would repeat what can be repeated, and this cannot."""

    async def hangs_up(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.body == b"1":
            writer.write(OK)
        elif reset:
            writer.transport.abort()
        else:
            writer.close()

    async with provider(hangs_up) as there:
        assert await told(session, there.url, b"1") == Answer(200, b"ok")
        assert await told(session, there.url, b"2") in {"ServerDisconnectedError", "ClientOSError"}
        assert [heard.body for heard in there.heard] == [b"1", b"2"]
        assert await told(session, there.url, b"1") == Answer(200, b"ok")


async def test_whoever_stops_waiting_ends_the_connection(session: aiohttp.ClientSession) -> None:
    goes_on = asyncio.Event()

    async def late(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.body == b"1":
            await goes_on.wait()
        await echo(heard, writer)

    async with provider(late) as there:
        asking = asyncio.create_task(told(session, there.url, b"1"))
        await there.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        goes_on.set()
        assert await told(session, there.url, b"2") == Answer(200, b"2")
        assert {heard.connection for heard in there.heard} == {1, 2}


async def test_patience_has_one_end_for_waiting_connecting_and_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 2)

    async def silent(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(OK) if heard.body == b"ok" else await asyncio.sleep(30)

    async with open_session(total_seconds=0.6) as session, provider(silent) as there:
        assert await told(session, there.url, b"ok") == Answer(200, b"ok")
        await asyncio.sleep(0.2)  # a question that comes later has its own end
        began = asyncio.get_running_loop().time()
        assert await asyncio.gather(*(told(session, there.url) for _ in range(5))) == ["TimeoutError"] * 5
        assert 0.5 < asyncio.get_running_loop().time() - began < 1.1  # not once more for those who waited for a turn
        assert [heard.body for heard in there.heard] == [b"ok", b"{}", b"{}"]
        assert await told(session, there.url, b"ok") == Answer(200, b"ok")


async def test_a_place_in_the_line_that_is_given_up_is_nobodys_loss(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    async with provider(echo) as there:
        for _ in range(3):
            asking = [asyncio.create_task(told(session, there.url, b"%d" % number)) for number in range(6)]
            await asyncio.sleep(0)
            for gone in asking[1::2]:
                gone.cancel()
            answers = await asyncio.gather(*asking[::2])
            assert answers == [Answer(200, b"%d" % number) for number in (0, 2, 4)]
            await asyncio.wait(asking)
        assert await told(session, there.url, b"last") == Answer(200, b"last")
        assert there.connections == 1


async def test_what_nobody_asked_for_is_taken_for_no_answer(session: aiohttp.ClientSession) -> None:
    async def talkative(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await echo(heard, writer)
        if heard.body in {b"1", b"2"}:
            writer.write(OK if heard.body == b"1" else OK[:20])

    async with provider(talkative) as there:
        for body in (b"1", b"2", b"3", b"4"):
            assert await told(session, there.url, body) == Answer(200, body)
            await asyncio.sleep(0.02)
        assert [heard.connection for heard in there.heard] == [1, 2, 3, 3]


async def test_idle_connections_are_closed_after_a_while(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    async with provider(echo) as there:
        await asyncio.gather(*(told(session, there.url) for _ in range(8)))
        assert there.open
        await asyncio.wait_for(there.ended.wait(), 2)
        assert await told(session, there.url) == Answer(200, b"{}")


async def test_a_session_that_closes_tells_whoever_waits() -> None:
    goes_on = asyncio.Event()

    async def silent(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await goes_on.wait()

    async with provider(silent) as there:
        async with open_session() as session:
            asking = asyncio.create_task(told(session, there.url))
            await there.asked.wait()
        assert await asking == "closed"
        assert await told(session, there.url) == "closed"
        goes_on.set()
        await there.ended.wait()
        assert there.open == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "ClientConnectorError"),
        ("http://nowhere.invalid/", "ClientConnectorDNSError"),
        ("ftp://127.0.0.1/", "NonHttpUrlClientError"),
        ("http://", "InvalidUrlClientError"),
    ],
)
async def test_nobody_there_is_told_as_the_library_tells_it(
    url: str, reason: str, session: aiohttp.ClientSession
) -> None:
    assert await told(session, url) == reason
    assert await told(session, url, by_library=True) == reason


async def test_a_header_is_one_line(session: aiohttp.ClientSession) -> None:
    async with provider(echo) as there:
        with pytest.raises(ValueError, match="one line"):
            await post(session, there.url, body=b"", headers={"X-Sms-Signature": "a\r\nX: b"})
        assert there.heard == []


async def test_an_encrypted_connection_leads_to_whom_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = _certificate(tmp_path)
    async with provider(echo, context, host="localhost") as there:
        async with open_session() as session:
            assert await told(session, there.url) == "ClientConnectorCertificateError"
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        async with open_session() as session:
            assert await asyncio.gather(*(told(session, there.url) for _ in range(9))) == [Answer(200, b"{}")] * 9
            elsewhere = there.url.replace("localhost", "127.0.0.1")
            assert await told(session, elsewhere) == "ClientConnectorCertificateError"


async def test_who_speaks_in_clear_is_no_encrypted_connection(session: aiohttp.ClientSession) -> None:
    async def clear(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(clear, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    assert await told(session, url) == await told(session, url, by_library=True) == "ClientConnectorSSLError"
    server.close()


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server that calls itself localhost, and the file by which one may trust it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "trusted.pem", folder / "key.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, secret)
    return context, trusted
