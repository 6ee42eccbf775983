import io
from typing import Any

import pytest
import zxingcpp
from aiohttp import ClientSession
from PIL import Image
from yarl import URL

from gateways.sandbox.apps import PushFormat
from gateways.sandbox.wechat import make_wechat_sandbox
from tests.gateways.conftest import MakeSandbox
from tests.gateways.outside import (
    ACCOUNT_ID,
    MINIAPP_ID,
    SECRET,
    TEMPLATES,
    Sandbox,
    TurnedClock,
    miniapp,
    official_account,
)

BUTTONS = [{"name": "进度", "type": "click", "key": "progress"}, {"name": "更多", "sub_button": [{"name": "指南" * 9}]}]


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41002),
        ({"appid": MINIAPP_ID}, 41004),
        ({"appid": "wx1", "secret": SECRET}, 40013),
        ({"appid": MINIAPP_ID, "secret": "wrong"}, 40125),
        ({"appid": MINIAPP_ID, "secret": SECRET}, 40002),
        ({"appid": MINIAPP_ID, "secret": SECRET, "grant_type": "authorization_code"}, 41008),
        ({"appid": MINIAPP_ID, "secret": SECRET, "grant_type": "authorization_code", "js_code": "x"}, 40029),
    ],
)
async def test_login_mistakes_have_their_own_errcodes_and_a_rid(
    sandbox: Sandbox, query: dict[str, str], errcode: int
) -> None:
    told = await sandbox.get("/sns/jscode2session", **query)
    assert told["errcode"] == errcode
    assert "rid: " in told["errmsg"]


async def test_a_session_is_told_without_errcode_and_labelled_as_text(sandbox: Sandbox) -> None:
    query = {"appid": MINIAPP_ID, "secret": SECRET, "grant_type": "authorization_code"}
    query["js_code"] = await sandbox.login_code(await sandbox.person())
    async with sandbox.session.get(sandbox.base.join(URL("/sns/jscode2session")), params=query) as response:
        assert response.content_type == "text/plain"
        told = await response.json(content_type=None)
    assert set(told) == {"openid", "session_key", "unionid"}


async def test_no_unionid_without_an_open_account(make_sandbox: MakeSandbox) -> None:
    sandbox = await make_sandbox(apps=[miniapp(open_account=None)])
    login = await sandbox.client().login(await sandbox.login_code(await sandbox.person()))
    assert login.unionid is None


async def test_a_person_named_again_has_the_same_openids(make_sandbox: MakeSandbox) -> None:
    before, after = await make_sandbox(), await make_sandbox()
    await before.person(user="xiaogan")
    await after.person(user="xiaogan")
    assert before.openids == after.openids


@pytest.mark.parametrize(
    ("raw", "errcode"), [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b"\xff", 47001), (b"{}", 40002)]
)
async def test_bodies_that_say_nothing(sandbox: Sandbox, raw: bytes, errcode: int) -> None:
    assert (await sandbox.told("POST", "/cgi-bin/stable_token", data=raw))["errcode"] == errcode


async def test_wrong_methods_and_paths_are_told_with_http_200(sandbox: Sandbox) -> None:
    assert (await sandbox.get("/cgi-bin/stable_token"))["errcode"] == 43002
    assert (await sandbox.get("/cgi-bin/nothing"))["errcode"] == 40066


async def test_an_account_has_only_its_own_interfaces(sandbox: Sandbox) -> None:
    assert (await sandbox.call("/cgi-bin/message/subscribe/send", ACCOUNT_ID))["errcode"] == 48001
    assert (await sandbox.call("/cgi-bin/message/template/send", MINIAPP_ID))["errcode"] == 48001


async def test_a_menu_is_kept_until_deleted(sandbox: Sandbox) -> None:
    token = (await sandbox.token(ACCOUNT_ID))["access_token"]
    assert (await sandbox.get("/cgi-bin/menu/get", access_token=token))["errcode"] == 46003
    assert (await sandbox.call("/cgi-bin/menu/create", ACCOUNT_ID, button=BUTTONS))["errcode"] == 0
    assert (await sandbox.get("/cgi-bin/menu/get", access_token=token)) == {"menu": {"button": BUTTONS}}
    await sandbox.get("/cgi-bin/menu/delete", access_token=token)
    assert (await sandbox.get("/cgi-bin/menu/get", access_token=token))["errcode"] == 46003


@pytest.mark.parametrize(
    ("button", "errcode"),
    [
        ([], 40016),
        ([{"name": "a", "type": "click", "key": "k"}] * 4, 40016),
        ([{"name": "六个汉字太长", "type": "click", "key": "k"}], 40018),
        ([{"name": "a", "sub_button": [{"name": "a"}] * 6}], 40016),
        ([{"name": "a", "type": "click", "key": "k" * 129}], 40019),
        ([{"name": "a", "type": "view", "url": "u" * 1025}], 40020),
    ],
)
async def test_a_menu_over_its_sizes_is_refused(sandbox: Sandbox, button: list[Any], errcode: int) -> None:
    assert (await sandbox.call("/cgi-bin/menu/create", ACCOUNT_ID, button=button))["errcode"] == errcode


async def test_an_unlimited_code_is_an_image_that_holds_its_scene(sandbox: Sandbox) -> None:
    token = (await sandbox.token())["access_token"]
    url = sandbox.base.join(URL("/wxa/getwxacodeunlimit"))
    body = {"scene": "s=360102", "page": "pages/station"}
    async with sandbox.session.post(url, params={"access_token": token}, json=body) as response:
        picture = await response.read()
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert code.text == f"wxacode:{MINIAPP_ID}?page=pages/station&scene=s=360102"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "站点"}, 40129),
        ({"scene": "50%"}, 40129),
        ({"scene": "s=1", "width": 100}, 40097),
        ({"scene": "s=1", "page": "/pages/station"}, 41030),
        ({"scene": "s=1", "page": "pages/station?a=1"}, 41030),
        ({"scene": "s=1", "page": "pages/unreleased"}, 41030),
    ],
)
async def test_a_code_that_cant_be_made_is_told_in_json(
    make_sandbox: MakeSandbox, body: dict[str, Any], errcode: int
) -> None:
    sandbox = await make_sandbox(pages=["pages/station"])
    told = await sandbox.call("/wxa/getwxacodeunlimit", **body)
    assert told["errcode"] == errcode


async def test_faults_count_down_and_can_be_cleared(sandbox: Sandbox) -> None:
    await sandbox.fault("errcode", errcode=-1, times=2)
    codes = [(await sandbox.token()).get("errcode") for _ in range(3)]
    assert codes == [-1, -1, None]
    await sandbox.fault("errcode", errcode=45009)
    assert (await sandbox.get("/sandbox/faults"))["faults"][0]["errcode"] == 45009
    await sandbox.told("DELETE", "/sandbox/faults")
    assert "access_token" in await sandbox.token()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sandbox/users", b"{", 400),
        ("/sandbox/users", b"\xff", 400),
        ("/sandbox/users", b'{"fone":"1"}', 400),
        ("/sandbox/users/nobody/login-code", b'{"appid":"wx1"}', 404),
        ("/sandbox/users/a/login-code", b'{"appid":"wx1"}', 404),
        ("/sandbox/users/a/login-code", b"", 400),
        ("/sandbox/users/a/phone-code", f'{{"appid":"{MINIAPP_ID}"}}'.encode(), 400),
        ("/sandbox/users/a/follow", f'{{"appid":"{MINIAPP_ID}"}}'.encode(), 400),
        ("/sandbox/users/a/subscribe", f'{{"appid":"{MINIAPP_ID}","template_ids":["x"]}}'.encode(), 400),
        ("/sandbox/faults", b'{"kind":"flood"}', 400),
        ("/sandbox/pushes/9/replay", b"", 404),
        ("/sandbox/nothing", b"", 404),
    ],
)
async def test_mistakes_at_the_control_are_told(sandbox: Sandbox, path: str, body: bytes, status: int) -> None:
    await sandbox.person(user="a")
    async with sandbox.session.post(sandbox.base.join(URL(path)), data=body) as response:
        assert response.status == status


@pytest.mark.parametrize("host", ["example.org", "192.0.2.1", "[::2]", "[", "localhost.example.org"])
async def test_another_name_than_this_machine_is_refused(sandbox: Sandbox, session: ClientSession, host: str) -> None:
    async with session.get(sandbox.base.join(URL("/sandbox/faults")), headers={"Host": host}) as response:
        assert response.status in {400, 403}


def test_the_sandbox_pushes_to_this_machine_only() -> None:
    elsewhere = official_account(push_url="https://example.org/bot")
    with pytest.raises(ValueError, match="this machine only"):
        make_wechat_sandbox(clock=TurnedClock(), apps=[elsewhere], templates=TEMPLATES)
    make_wechat_sandbox(clock=TurnedClock(), apps=[elsewhere], templates=TEMPLATES, allow_remote=True)


def test_an_account_with_impossible_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="43 characters"):
        miniapp(aes_key="short")
    with pytest.raises(ValueError, match="XML"):
        official_account(push_format=PushFormat.JSON)
