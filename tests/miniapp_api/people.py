"""A clock one can turn, and a citizen with a phone: everything they do goes over HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
from aiohttp.test_utils import TestClient
from yarl import URL

from domain.identity_number import check_character

MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day
V1 = "/api/v1"
ITEM = "id_card_first_application"
STROKES = [[[100 + 60 * n, 200 + 40 * n, 15 * n] for n in range(12)]]


@dataclass
class TurnedClock:
    """Time passes when a test says so."""

    moment: datetime = MONDAY

    def now(self) -> datetime:
        return self.moment

    def turn(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class QuietQueue:
    """Nobody delivers here; it is written down that somebody was woken."""

    woken: list[str] = field(default_factory=list)

    async def wake(self, job: str) -> None:
        self.woken.append(job)


class NoSms:
    """This door sends no short messages."""

    async def send(self, *, phone: str, text: str, message_id: str) -> Any:
        raise AssertionError("a door does not send")

    def read_reports(self, body: bytes, signature: str) -> Any:
        raise AssertionError("nobody brings this door a report")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass
class WeChat:
    """The sandbox WeChat, and the hands of the people in it."""

    base: URL
    session: aiohttp.ClientSession
    appid: str

    async def _post(self, path: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(self.base.join(URL(path)), data=orjson.dumps(body)) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json(content_type=None))

    async def person(self, **facts: Any) -> str:
        return str((await self._post("/sandbox/users", **facts))["user"])

    async def login_code(self, user: str) -> str:
        return str((await self._post(f"/sandbox/users/{user}/login-code", appid=self.appid))["code"])

    async def phone_code(self, user: str) -> str:
        return str((await self._post(f"/sandbox/users/{user}/phone-code", appid=self.appid))["code"])


@dataclass
class Citizen:
    """Somebody at the mini-program; ``token`` None means not signed in."""

    client: TestClient[Any, Any]
    token: str | None = None
    user: str = ""

    async def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> Answer:
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            more["data"] = orjson.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        response = await self.client.request(method, path, headers=headers, **more)
        return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.ask("GET", f"{V1}{path}", params=query)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        return await self.ask("POST", f"{V1}{path}", body, key=key)

    async def write(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        """A write that may be repeated, with a key of its own if none is given."""
        return await self.ask(method, f"{V1}{path}", body, key=key or str(uuid4()))


_NUMBERS = count(11)


def identity_number(region: str, birth: str, *, male: bool = True) -> str:
    """A number nobody has: right in form only."""
    first = f"{region}{birth}{next(_NUMBERS) % 99:02d}{1 if male else 2}"
    return first + check_character(first)


def adult(**other: Any) -> dict[str, Any]:
    """Nineteen years old, registered in Ganzhou."""
    return {
        "name": "测试甲",
        "identity_number": identity_number("360702", "20070305"),
        "household_division": "360702",
        "household_address": "江西省赣州市章贡区测试路1号101室",
        "collective_household": False,
        **other,
    }


def parent(**other: Any) -> dict[str, Any]:
    """Thirty-eight years old, registered in Nanchang."""
    return adult(
        name="测试乙",
        identity_number=identity_number("360102", "19880612"),
        household_division="360102",
        household_address="江西省南昌市东湖区测试路2号201室",
        **other,
    )


def child(**other: Any) -> dict[str, Any]:
    """Nine years old, registered in another household of Nanchang."""
    return adult(
        name="测试丙",
        identity_number=identity_number("360102", "20170612", male=False),
        household_division="360102",
        household_address="江西省南昌市东湖区测试路3号301室",
        **{"relation": "mother", "shown_by": "birth_certificate", **other},
    )


def living_in_nanchang(person_id: int, **other: Any) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "item": ITEM,
        "division": "360103",
        "address": "江西省南昌市西湖区测试大道9号2栋301室",
        "proof": "employment",
        "proof_of": "applicant",
        "declared_locally": False,
        **other,
    }


def application(declaration_id: int, **other: Any) -> dict[str, Any]:
    return {
        "declaration_id": declaration_id,
        "item": ITEM,
        "delivery": "station",
        "post_to": None,
        "never_held_card": True,
        "active_soldier": False,
        "information_true": True,
        **other,
    }


async def consented(citizen: Citizen) -> None:
    notice = (await citizen.get("/privacy-notice")).json
    assert (await citizen.post("/privacy-consents", {"version": notice["version"]})).status == 200


async def declared(citizen: Citizen, wechat: WeChat, **facts: Any) -> int:
    """Consent, phone and real name; the id of the person."""
    await consented(citizen)
    assert (await citizen.post("/me/phone", {"code": await wechat.phone_code(citizen.user)})).status == 200
    profile = await citizen.ask("PUT", f"{V1}/me/person", adult(**facts))
    assert profile.status == 200, profile.json
    return int(profile.json["persons"][0]["id"])


async def opened(citizen: Citizen, wechat: WeChat) -> str:
    """All the way to an open case; its number."""
    person_id = await declared(citizen, wechat)
    declaration = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id))
    assert declaration.status == 201, declaration.json
    case = await citizen.write("POST", "/cases", application(declaration.json["id"]))
    assert case.status == 201, case.json
    return str(case.json["number"])


async def booked(citizen: Citizen, number: str, *, point: str = "JX-TEST-1") -> Answer:
    """The first free place of tomorrow."""
    slots = (await citizen.get(f"/points/{point}/slots", item=ITEM, day="2026-09-15")).json
    wish = {"point": point, "starts_at": slots[0]["starts_at"]}
    return await citizen.write("PUT", f"/cases/{number}/booking", wish)


async def signed(citizen: Citizen, number: str) -> Answer:
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    return await citizen.write("POST", f"/cases/{number}/signature", signature(letter))


def signature(letter: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "nonce": letter["nonce"],
        "digest": letter["digest"],
        "read_to_end": True,
        "information_true": True,
        "strokes": STROKES,
        **other,
    }
