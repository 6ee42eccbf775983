import tomllib
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from domain.refusal import Refusal
from gateways.http import ask
from gateways.trouble import UnreachableError
from gateways.wechat import WeChatClient
from gateways.wechat_errors import WeChatError
from tests.gateways.outside import ACCOUNT_ID, MINIAPP_ID, SECRET, Sandbox, TurnedClock

REFUSALS = (
    "login_code_invalid",
    "login_code_used",
    "login_blocked",
    "login_too_often",
    "phone_code_invalid",
    "phone_not_mainland",
    "too_many_requests",
    "wechat_unreachable",
)


async def refusal_of(call: object) -> str:
    with pytest.raises(Refusal) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def test_a_login_code_opens_the_same_person_every_time(sandbox: Sandbox) -> None:
    user = await sandbox.person(nickname="小赣")
    client = sandbox.client()
    first = await client.login(await sandbox.login_code(user))
    second = await client.login(await sandbox.login_code(user))
    assert first == second
    assert first.openid == sandbox.openids[user][MINIAPP_ID]


async def test_the_unionid_is_the_same_at_both_accounts_and_the_openid_is_not(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    here = await sandbox.client().login(await sandbox.login_code(user))
    there = await sandbox.client(ACCOUNT_ID).login(await sandbox.login_code(user, ACCOUNT_ID))
    assert here.unionid == there.unionid is not None
    assert here.openid != there.openid


async def test_a_login_code_works_once(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person())
    client = sandbox.client()
    await client.login(code)
    assert await refusal_of(client.login(code)) == "login_code_used"


async def test_a_login_code_lives_five_minutes(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    early, late = await sandbox.login_code(user), await sandbox.login_code(user)
    sandbox.clock.turn(seconds=299)
    assert (await sandbox.client().login(early)).openid
    sandbox.clock.turn(seconds=1)
    assert await refusal_of(sandbox.client().login(late)) == "login_code_invalid"


@pytest.mark.parametrize("code", ["", "0unknown", "中文", "a b", "x" * 257, "a\n"])
async def test_nonsense_is_no_login_code(sandbox: Sandbox, code: str) -> None:
    assert await refusal_of(sandbox.client().login(code)) == "login_code_invalid"


async def test_a_login_code_of_another_app_is_refused(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person(), ACCOUNT_ID)
    assert await refusal_of(sandbox.client().login(code)) == "login_code_invalid"


async def test_a_phone_code_is_no_login_code(sandbox: Sandbox) -> None:
    code = await sandbox.phone_code(await sandbox.person(phone="13800000000"))
    assert await refusal_of(sandbox.client().login(code)) == "login_code_invalid"


async def test_who_wechat_blocks_is_told_so(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person(blocked=True))
    assert await refusal_of(sandbox.client().login(code)) == "login_blocked"


async def test_a_hundred_and_one_logins_in_a_minute_are_too_many(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(), sandbox.client()
    for _ in range(100):
        await client.login(await sandbox.login_code(user))
    assert await refusal_of(client.login(await sandbox.login_code(user))) == "login_too_often"
    sandbox.clock.turn(minutes=1)
    assert await client.login(await sandbox.login_code(user))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "errcode", "errcode": -1},
        {"kind": "errcode", "errcode": 40164},
        {"kind": "empty"},
        {"kind": "html"},
        {"kind": "drop"},
        {"kind": "status", "status": 503},
    ],
    ids=str,
)
async def test_a_login_while_wechat_is_in_trouble_asks_for_patience(sandbox: Sandbox, fault: dict[str, object]) -> None:
    code = await sandbox.login_code(await sandbox.person())
    await sandbox.post("/sandbox/faults", path="/sns/jscode2session", **fault)
    assert await refusal_of(sandbox.client().login(code)) == "wechat_unreachable"


async def test_a_slow_wechat_is_not_waited_for(sandbox: Sandbox, impatient: ClientSession) -> None:
    code = await sandbox.login_code(await sandbox.person())
    await sandbox.fault("slow", seconds=30)
    client = WeChatClient(impatient, base_url=str(sandbox.base), appid=MINIAPP_ID, secret="s", clock=sandbox.clock)
    assert await refusal_of(client.login(code)) == "wechat_unreachable"


async def test_a_wrong_secret_is_our_trouble_not_the_citizens(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person())
    assert await refusal_of(sandbox.client(secret="wrong").login(code)) == "wechat_unreachable"


async def test_neither_codes_nor_secrets_reach_the_log_or_a_trace(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person())
    client = sandbox.client()
    await sandbox.fault("drop")
    with structlog.testing.capture_logs() as logs, pytest.raises(Refusal) as caught:
        await client.login(code)
    assert logs
    assert code not in repr(logs)
    assert "sandbox-secret" not in repr(logs)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_trouble_on_the_wire_prints_no_address(session: ClientSession) -> None:
    """The library's exceptions carry the URL, and WeChat's URLs carry the AppSecret."""
    where = f"gopher://127.0.0.1/{SECRET}"
    with pytest.raises(UnreachableError) as caught:
        await ask(session, "GET", where)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_phone_code_gives_eleven_digits(sandbox: Sandbox) -> None:
    user = await sandbox.person(phone="13800000000")
    assert await sandbox.client().phone_number(await sandbox.phone_code(user)) == "13800000000"


async def test_the_country_code_may_be_text(sandbox: Sandbox) -> None:
    code = await sandbox.phone_code(await sandbox.person(phone="13800000000"), country_code="86")
    assert await sandbox.client().phone_number(code) == "13800000000"


@pytest.mark.parametrize(
    ("phone", "country"), [("61234567", 852), ("13800000000", "852"), ("12345678901", 86), ("02012345678", 86)]
)
async def test_only_mainland_mobile_numbers_are_taken(sandbox: Sandbox, phone: str, country: int | str) -> None:
    code = await sandbox.phone_code(await sandbox.person(phone=phone), country_code=country)
    assert await refusal_of(sandbox.client().phone_number(code)) == "phone_not_mainland"


async def test_a_phone_code_works_once_and_lives_five_minutes(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(phone="13800000000"), sandbox.client()
    used, late = await sandbox.phone_code(user), await sandbox.phone_code(user)
    await client.phone_number(used)
    assert await refusal_of(client.phone_number(used)) == "phone_code_invalid"
    sandbox.clock.turn(minutes=5)
    assert await refusal_of(client.phone_number(late)) == "phone_code_invalid"


@pytest.mark.parametrize(
    "info",
    [
        None,
        {},
        {"countryCode": 86, "purePhoneNumber": "13800000000"},
        {"countryCode": 86, "purePhoneNumber": "13800000000", "watermark": {"appid": "wx-of-somebody-else"}},
    ],
    ids=str,
)
async def test_a_phone_number_not_meant_for_us_is_not_taken(
    aiohttp_server: Callable[..., Awaitable[TestServer]], session: ClientSession, clock: TurnedClock, info: object
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"access_token": "T", "expires_in": 7200, "errcode": 0, "phone_info": info})

    application = web.Application()
    application.router.add_post("/{anything:.*}", answer)
    base = str((await aiohttp_server(application)).make_url("/"))
    client = WeChatClient(session, base_url=base, appid=MINIAPP_ID, secret=SECRET, clock=clock)
    assert await refusal_of(client.phone_number("code")) == "wechat_unreachable"


def test_every_refusal_of_the_gateways_has_its_words() -> None:
    texts = tomllib.loads((Path(__file__).parents[2] / "templates" / "refusals.toml").read_text())
    for code in REFUSALS:
        assert set(texts[code]) == {"title", "detail", "advice"}


async def test_a_login_code_is_no_phone_code(sandbox: Sandbox) -> None:
    code = await sandbox.login_code(await sandbox.person(phone="13800000000"))
    assert await refusal_of(sandbox.client().phone_number(code)) == "phone_code_invalid"


async def test_a_phone_number_while_wechat_is_limited_or_down(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(phone="13800000000"), sandbox.client()
    path = "/wxa/business/getuserphonenumber"
    await sandbox.fault("errcode", errcode=45011, path=path, times=1)
    assert await refusal_of(client.phone_number(await sandbox.phone_code(user))) == "too_many_requests"
    await sandbox.fault("html", path=path, times=1)
    assert await refusal_of(client.phone_number(await sandbox.phone_code(user))) == "wechat_unreachable"
    await sandbox.fault("html", path="/cgi-bin/stable_token")
    assert await refusal_of(sandbox.client().phone_number(await sandbox.phone_code(user))) == "wechat_unreachable"


async def test_a_session_key_is_good_until_the_next_login(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(), sandbox.client()
    openid = sandbox.openids[user][MINIAPP_ID]
    query = {"appid": MINIAPP_ID, "secret": SECRET, "grant_type": "authorization_code"}
    first = await sandbox.get("/sns/jscode2session", **query, js_code=await sandbox.login_code(user))
    assert await client.session_is_good(openid, first["session_key"])
    second = await sandbox.get("/sns/jscode2session", **query, js_code=await sandbox.login_code(user))
    assert not await client.session_is_good(openid, first["session_key"])
    assert await client.session_is_good(openid, second["session_key"])


async def test_a_code_a_link_and_a_verdict_come_from_wechat(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(), sandbox.client()
    assert (await client.code_picture("p=NC-1", "pages/station")).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="32"):
        await client.code_picture("站", "pages/station")
    link = await client.link("pages/case", "number=TB1", days=3)
    asked = await sandbox.call("/wxa/query_urllink", url_link=link)
    assert asked["url_link_info"]["query"] == "number=TB1"
    openid = sandbox.openids[user][MINIAPP_ID]
    await sandbox.post("/sandbox/risky-words", words=["骗"])
    assert [await client.finds_risky(openid=openid, text=text) for text in ("谢谢", "骗人")] == [False, True]


async def test_a_picture_refused_tells_its_code(sandbox: Sandbox) -> None:
    with pytest.raises(WeChatError, match="41030"):
        await sandbox.client().code_picture("a", "/pages/station")
