"""The offline pass over HTTP: texts and pictures for the phone, the issuer's keys for everybody."""

from base64 import b64decode
from typing import Any

import pytest

from casework.deps import Deps
from casework.keep_point_key import register_point_key
from domain.offline_pass import pass_of
from domain.pass_text import join_text
from gateways.pass_envelope import key_id
from gateways.pass_keys import issuer_keys
from gateways.qr_pictures import codes_in
from miniapp_api.app import make_app
from miniapp_api.limits import Allowance, Limits
from tests.miniapp_api.conftest import ClientFactory
from tests.miniapp_api.people import Citizen, WeChat, booked, opened, signed
from tests.miniapp_api.test_problems import assert_problem
from tests.passes import ISSUER, STATION, an_opener


@pytest.fixture
async def number(citizen: Citizen, wechat: WeChat, point: str) -> str:
    """A case that is ready for the counter."""
    number = await opened(citizen, wechat)
    await booked(citizen, number, point=point)
    await signed(citizen, number)
    return number


async def give_key(deps: Deps, point: str) -> None:
    public = STATION.public_key()
    await register_point_key(deps, point, key_id(public).hex(), public.public_bytes_raw())


async def ask(citizen: Citizen, number: str, key: str | None = None) -> Any:
    return await citizen.write("POST", f"/cases/{number}/offline-passes", key=key)


async def test_each_part_is_a_text_and_the_picture_of_it(citizen: Citizen, deps: Deps, number: str, point: str) -> None:
    await give_key(deps, point)
    answer = await ask(citizen, number)
    assert answer.status == 201, answer.json
    parts = answer.json["parts"]
    assert [codes_in(b64decode(part["png_base64"])) for part in parts] == [(part["text"],) for part in parts]
    given = pass_of(an_opener().open(join_text(part["text"] for part in parts)))
    assert (given.case["number"], given.point) == (number, point)
    assert (answer.json["valid_from"], answer.json["point"]["code"]) == ("2026-09-14T16:00:00Z", point)
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_point_that_has_given_no_key_is_told_kindly(citizen: Citizen, number: str) -> None:
    body = assert_problem(await ask(citizen, number), 409, "pass_not_offered")
    assert "二维码" in body["advice"]


async def test_passes_are_limited_beyond_other_writes(
    citizen: Citizen, deps: Deps, number: str, point: str, aiohttp_client: ClientFactory
) -> None:
    await give_key(deps, point)
    narrow = Limits(passes_per_account=Allowance(burst=2, per_second=0.1))
    citizen.client = await aiohttp_client(make_app(deps, limits=narrow))
    answers = [await ask(citizen, number, key="again-and-again") for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert answers[2].headers["Retry-After"] == "10"


async def test_the_issuers_keys_are_there_for_every_reader(visitor: Citizen) -> None:
    answer = await visitor.ask("GET", "/pass-issuers.pem")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-pem-file; charset=utf-8")
    assert answer.body == ISSUER.trust
    assert [key_id(key) for key in issuer_keys(answer.body)] == [key_id(ISSUER.public_key)]
