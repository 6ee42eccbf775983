"""A clerk's browser without its screen: follows links, reads forms, fills them in and sends them."""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

from aiohttp.test_utils import TestClient

from tests.counter.people import PASSWORD

Fields = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: Any
    html: str

    @property
    def refused(self) -> str | None:
        """The code of the refusal shown on the page."""
        match = re.search(r'data-code="([a-z_]+)"', self.html)
        return match[1] if match else None

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    def form(self, action: str, **having: str) -> Fields:
        """The fields of a form as a browser would send them untouched; ``having`` picks one of several by a field."""
        reader = _Forms()
        reader.feed(self.html)
        for form_action, fields in reader.forms:
            if form_action == action and having.items() <= fields.items():
                return fields
        raise AssertionError(f"no form {action} {having} on the page")

    def offers(self, action: str) -> bool:
        return f'action="{action}"' in self.html

    def boxes(self, name: str) -> list[str]:
        """The values of the boxes to tick under a name."""
        return re.findall(rf'<input [^>]*name="{name}" type="checkbox" value="([^"]*)"', self.html)


class Console:
    """One browser."""

    def __init__(self, client: TestClient) -> None:  # type: ignore[type-arg]
        self.client = client

    async def get(self, path: str, **headers: str) -> Page:
        async with self.client.get(path, allow_redirects=False, headers=headers) as response:
            return Page(response.status, response.headers, await response.text())

    async def post(self, path: str, fields: Fields | list[tuple[str, str]], **headers: str) -> Page:
        async with self.client.post(path, data=fields, allow_redirects=False, headers=headers) as response:
            return Page(response.status, response.headers, await response.text())

    async def sign_in(self, username: str, password: str = PASSWORD) -> Page:
        return await self.post("/login", {"username": username, "password": password})

    async def send(self, page: Page, action: str, fields: Fields | None = None, **having: str) -> Page:
        """Fill in a form of a page and send it; a box ticked several times is a list."""
        filled = {**page.form(action, **having), **(fields or {})}
        pairs = [
            (name, one) for name, value in filled.items() for one in (value if isinstance(value, list) else [value])
        ]
        return await self.post(action, pairs)

    async def state_presence(self, page: Page) -> Page:
        """Press the button that says who stands there, and see the whole case."""
        who = re.search(r'name="who" value="([a-z_]+)"', page.html)
        action = re.search(r'action="(/cases/[0-9-]+/presence)"', page.html)
        assert who is not None, page.text
        assert action is not None, page.text
        went = await self.send(page, action[1], {"who": who[1]})
        assert went.status == 303, went.text
        return await self.get(went.location)

    async def scan(self, code: str, **fields: str) -> Page:
        """What the wedge scanner does on the day's page."""
        return await self.send(await self.get("/"), "/scan", {"code": code, **fields})

    async def csrf_token(self) -> str:
        return str((await self.get("/")).form("/logout")["csrf_token"])


class _Forms(HTMLParser):
    """Forms with their hidden and typed fields; one may stand before its form. Unticked boxes and buttons stay out."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, Fields]] = []
        self._ids: dict[str, Fields] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "form":
            fields = self._ids.setdefault(of.get("id") or f"form {len(self.forms)}", {})
            self.forms.append((of.get("action") or "", fields))
        elif tag == "input" and of.get("name") and of.get("type") not in {"checkbox", "radio", "file"}:
            self._fields(of)[of["name"] or ""] = of.get("value") or ""

    def _fields(self, of: dict[str, str | None]) -> Fields:
        owner = of.get("form")
        return self._ids.setdefault(owner, {}) if owner else self.forms[-1][1]
