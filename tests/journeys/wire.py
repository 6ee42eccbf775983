"""One HTTP client for everybody; a connection per request, so that a server may die and come back in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import aiohttp
from yarl import URL

from tests.journeys.expect import NotAsItShouldBe
from tests.journeys.invented import now
from tests.journeys.journal import Exchange, Journal

_SECONDS = 20
_POLL = 0.1
Form = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """What came back."""

    asked: str
    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def done(self, status: int = 200) -> Any:
        """The JSON of a request that must have gone well."""
        if self.status != status:
            raise NotAsItShouldBe(self.asked, status, f"{self.status} {self.text[:600]}")
        return self.json if self.body else None

    def refused(self, code: str) -> Any:
        """The problem of a request that must have been refused for this reason, in words a person understands."""
        problem = self.json if "json" in self.headers.get("Content-Type", "") else {}
        if self.status < 400 or problem.get("code") != code:
            raise NotAsItShouldBe(self.asked, f"refused: {code}", f"{self.status} {self.text[:600]}")
        if not (problem["title"] and problem["advice"]):
            raise NotAsItShouldBe(f"{self.asked}: words of {code}", "title and advice", problem)
        return problem


@dataclass(frozen=True)
class Wire:
    """The line to the service, and the book everything said on it is written into."""

    session: aiohttp.ClientSession
    journal: Journal

    async def ask(
        self,
        who: str,
        method: str,
        base: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: Any = None,
        form: Form | None = None,
        headers: Mapping[str, str] | None = None,
        quietly: bool = False,
    ) -> Reply:
        """Send a request: ``data`` travels as JSON (or as the bytes it is), ``form`` as a form."""
        url = URL(base).joinpath(*path.strip("/").split("/")).with_query(query or {})
        body, kind = _encoded(data, form)
        sent = {**({"Content-Type": kind} if kind else {}), **(headers or {})}
        at, began = now().isoformat(), perf_counter()
        async with self.session.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            reply = Reply(
                asked=f"{who}: {method} {url.path}",
                status=answer.status,
                headers=answer.headers,
                cookies={name: morsel.value for name, morsel in answer.cookies.items()},
                body=await answer.read(),
            )
        if not quietly:
            ms = round((perf_counter() - began) * 1000, 1)
            self.journal.note(
                Exchange(who, at, ms, _request(method, url, data, form), {"status": reply.status, "body": _told(reply)})
            )
        return reply

    async def poll(self, what: str, ask: Any, seconds: float) -> Any:
        """Ask until something comes; it's an error when nothing does in time."""
        end = perf_counter() + seconds
        while True:
            found = await ask()
            if found:
                return found
            if perf_counter() > end:
                raise NotAsItShouldBe(what, f"something within {seconds:g} s", found)
            await asyncio.sleep(_POLL)


@asynccontextmanager
async def open_line() -> AsyncIterator[aiohttp.ClientSession]:
    """A client session that keeps no connection and no cookie."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_SECONDS),
        headers={"User-Agent": "tongban-journey"},
    ) as session:
        yield session


def _encoded(data: Any, form: Form | None) -> tuple[Any, str | None]:
    if form is not None:
        return aiohttp.FormData(list(form)), "application/x-www-form-urlencoded"
    if data is None:
        return None, None
    return (data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()), "application/json"


def _request(method: str, url: URL, data: Any, form: Form | None) -> dict[str, Any]:
    told: dict[str, Any] = {"method": method, "path": url.path_qs}
    if form is not None:
        told["form"] = [{name: value} for name, value in form]
    elif data is not None:
        told["body"] = json.loads(data) if isinstance(data, bytes) else data
    return told


def _told(reply: Reply) -> Any:
    kind = reply.headers.get("Content-Type", "")
    if "json" in kind and reply.body:
        return reply.json
    if "Location" in reply.headers:
        return {"location": reply.headers["Location"]}
    return f"({kind.partition(';')[0]}, {len(reply.body)} bytes)" if reply.body else None
