"""A client that runs away is slowed down; nobody else notices."""

from datetime import timedelta
from typing import Any

import pytest

from casework.deps import Deps
from domain.refusal import Refusal
from miniapp_api.app import make_app
from miniapp_api.limits import Allowance, Buckets, Limits
from tests.miniapp_api.conftest import ClientFactory
from tests.miniapp_api.people import MONDAY, V1, Citizen, TurnedClock, WeChat
from tests.miniapp_api.test_problems import assert_problem

TIGHT = Limits(logins_per_address=Allowance(3, 0.5), writes_per_account=Allowance(2, 0.1))


@pytest.fixture
async def tight_door(deps: Deps, aiohttp_client: ClientFactory) -> Any:
    return await aiohttp_client(make_app(deps, limits=TIGHT))


async def test_logins_from_one_address_are_limited_and_the_wait_is_told(
    tight_door: Any, wechat: WeChat, clock: TurnedClock
) -> None:
    visitor = Citizen(tight_door)
    for _ in range(3):
        assert (await visitor.post("/sessions", {"code": "nonsense"})).code == "login_code_invalid"
    refused = await visitor.post("/sessions", {"code": "nonsense"})
    body = assert_problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"] == "2"
    assert "2秒" in body["advice"]
    assert (await visitor.get("/privacy-notice")).status == 200
    clock.turn(seconds=2)
    user = await wechat.person()
    assert (await visitor.post("/sessions", {"code": await wechat.login_code(user)})).status == 201


async def test_a_proxy_header_does_not_make_another_address(tight_door: Any) -> None:
    visitor, statuses = Citizen(tight_door), []
    for number in range(4):
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        statuses.append((await visitor.ask("POST", f"{V1}/sessions", {"code": "nonsense"}, headers=headers)).status)
    assert statuses == [422, 422, 422, 429]


async def test_writes_of_one_account_are_limited_and_reading_goes_on(tight_door: Any, wechat: WeChat) -> None:
    citizens = []
    for _ in range(2):
        user = await wechat.person()
        citizen = Citizen(tight_door, user=user)
        citizen.token = (await citizen.post("/sessions", {"code": await wechat.login_code(user)})).json["token"]
        citizens.append(citizen)
    busy, calm = citizens
    for _ in range(2):
        assert (await busy.post("/privacy-consents", {"version": "old"})).status == 409
    assert_problem(await busy.post("/privacy-consents", {"version": "old"}), 429, "too_many_requests")
    assert (await busy.get("/me")).status == 200
    assert (await calm.post("/privacy-consents", {"version": "old"})).status == 409


def test_a_bucket_fills_up_to_its_burst_and_no_further() -> None:
    buckets = Buckets(Allowance(burst=2, per_second=1.0))
    for hours in (0, 1):
        now = MONDAY + timedelta(hours=hours)
        buckets.take("a", now)
        buckets.take("a", now)
        with pytest.raises(Refusal):
            buckets.take("a", now)


def test_a_clock_that_jumps_back_gives_and_takes_nothing() -> None:
    buckets = Buckets(Allowance(burst=1, per_second=1.0))
    buckets.take("a", MONDAY)
    with pytest.raises(Refusal):
        buckets.take("a", MONDAY - timedelta(hours=1))


def test_only_so_many_names_are_remembered() -> None:
    buckets = Buckets(Allowance(burst=1, per_second=0.001), remembered=2)
    for name in ("a", "b", "c"):
        buckets.take(name, MONDAY)
    buckets.take("a", MONDAY)
    with pytest.raises(Refusal):
        buckets.take("c", MONDAY)
