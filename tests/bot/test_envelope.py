"""Only WeChat comes in, in each mode, and what it brings is only read from the part it vouches for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot import access
from bot.access import signed_push
from bot.keys import ACCOUNT as ACCOUNT_KEY
from bot.routes import ROUTES, Route, mount
from gateways.sandbox.apps import AppKind, PushFormat, PushMode, SandboxApp
from gateways.sandbox.wechat import make_wechat_sandbox
from gateways.sandbox.world import WORLD
from models import many
from models.push import PushSeen
from templates.chat import chat_text
from tests.bot.conftest import MakePusher
from tests.bot.pushing import ACCOUNT, FOLLOWER, PREVIOUS_AES_KEY, Pusher, event, message, xml
from tests.gateways.outside import Sandbox
from tests.workers.wiring import TurnedClock

MakeServer = Callable[..., Awaitable[TestServer]]

MODES = ["plain", "compatible", "safe"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_push_is_answered_in_each_mode(make_pusher: MakePusher, mode: str) -> None:
    pusher = await make_pusher(mode)
    told = await pusher.push(message("指南"))
    assert (told.status, told.text) == (200, pusher.guide)
    assert (told.reply["ToUserName"], told.reply["FromUserName"]) == (FOLLOWER, ACCOUNT)
    assert ("Encrypt" in told.body) == (mode != "plain")


async def test_the_echo_comes_back_as_it_is_when_the_address_is_saved(pusher: Pusher) -> None:
    query = {**pusher.signed(), "echostr": "5837397576500011341<b>"}
    async with pusher.session.get(pusher.url, params=query) as response:
        assert (response.status, await response.text()) == (200, "5837397576500011341<b>")
        assert response.content_type == "text/plain"


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        ({"signature": "0" * 40}, 403),
        ({"signature": ""}, 403),
        ({"signature": "签"}, 403),
        ({"timestamp": "now"}, 403),
        ({"timestamp": "9" * 5000}, 403),
        ({"nonce": "]]>"}, 403),
        ({"echostr": ""}, 400),
        ({"echostr": "x" * 513}, 400),
    ],
)
async def test_nobody_but_wechat_is_echoed(pusher: Pusher, spoil: dict[str, str], status: int) -> None:
    query = {**pusher.signed(), "echostr": "583", **spoil}
    async with pusher.session.get(pusher.url, params=query) as response:
        assert response.status == status
        assert "583" not in await response.text()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("age", [301, -301, 86400])
async def test_an_address_lives_five_minutes(make_pusher: MakePusher, mode: str, age: int) -> None:
    pusher = await make_pusher(mode)
    assert (await pusher.but(age=age).push(message("指南"))).status == 403
    assert (await pusher.but(age=299).push(message("指南"))).status == 200


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["signature", "msg_signature", "timestamp", "nonce"])
async def test_a_push_without_its_proof_is_refused(make_pusher: MakePusher, mode: str, name: str) -> None:
    pusher = await make_pusher(mode)
    needed = {"timestamp", "nonce", "signature" if mode == "plain" else "msg_signature"}
    query, body = pusher.posting(message("指南"))
    for spoiled in (
        {key: value for key, value in query.items() if key != name},
        {**query, name: "1" * len(query.get(name, "1"))},
    ):
        assert (await pusher.post(spoiled, body)).status == (403 if name in needed else 200)


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_where_pushes_are_encrypted_the_plain_signature_opens_nothing(make_pusher: MakePusher, mode: str) -> None:
    pusher = await make_pusher(mode)
    assert (await pusher.but(mode="plain").push(message("指南"))).status == 400


async def test_in_compatible_mode_only_the_encrypted_part_counts(make_pusher: MakePusher) -> None:
    pusher = await make_pusher("compatible")
    query, body = pusher.posting(message("指南"))
    forged = body.replace("指南".encode(), "进度".encode(), 1).replace(FOLLOWER.encode(), b"oSomebodyElse", 1)
    told = await pusher.post(query, forged)
    assert (told.text, told.reply["ToUserName"]) == (pusher.guide, FOLLOWER)


async def test_another_body_under_a_signed_address_is_refused(pusher: Pusher) -> None:
    query, _ = pusher.posting(message("指南"))
    _, other = pusher.posting(message("进度"))
    assert (await pusher.post(query, other)).status == 403


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_another_apps_push_is_refused(make_pusher: MakePusher, mode: str) -> None:
    pusher = await make_pusher(mode)
    assert (await pusher.but(appid="wx0000000000000000").push(message("指南"))).status == 403


async def test_the_previous_key_opens_a_push_and_seals_its_reply(pusher: Pusher) -> None:
    assert await pusher.but(aes_key=PREVIOUS_AES_KEY).say("指南") == pusher.guide


async def test_a_key_nobody_knows_is_refused(pusher: Pusher) -> None:
    assert (await pusher.but(aes_key="A" * 43).push(message("指南"))).status == 403


async def test_a_megabyte_is_refused_before_anything_reads_it(pusher: Pusher) -> None:
    query, _ = pusher.posting(message("指南"))

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 16384

    assert (await pusher.post(query, b"x" * 1024 * 1024)).status == 413
    assert (await pusher.post(query, trickle())).status == 413
    assert (await pusher.post(query, b"x" * (64 * 1024 + 1))).status == 413


async def test_a_compressed_body_is_refused(pusher: Pusher) -> None:
    query, body = pusher.posting(message("指南"))
    assert (await pusher.post(query, body, **{"Content-Encoding": "gzip"})).status == 400


async def test_a_body_that_does_not_end_is_left(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ALL_SECONDS", 0.2)
    query, _ = pusher.posting(message("指南"))
    over = asyncio.Event()

    async def stall() -> AsyncIterator[bytes]:
        yield b"<xml>"
        await over.wait()

    told = await pusher.post(query, stall())
    over.set()
    assert told.status == 408


async def test_a_refusal_says_what_to_look_at_and_logs_no_body(pusher: Pusher) -> None:
    with capture_logs() as logs:
        told = await pusher.but(appid="wx0000000000000000").push(message("我叫张三"))
    assert "EncodingAESKey" in told.body
    assert "Traceback" not in told.body
    assert [(each["event"], each["code"]) for each in logs] == [("push_refused", "push_undecipherable")]
    assert FOLLOWER not in str(logs)


async def test_trouble_of_ours_is_503_without_a_word_of_it(
    pusher: Pusher, database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PushSeen._meta, "db_table", "no_such_table")
    monkeypatch.setattr(many, "_insert", many._insert.__wrapped__)
    monkeypatch.setattr(many, "_insert_one", many._insert_one.__wrapped__)
    with capture_logs() as logs:
        told = await pusher.push(message("指南"))
    assert told.status == 503
    assert "no_such_table" not in f"{told.body}{logs}"


async def test_a_route_without_a_proof_does_not_start() -> None:
    async def open_to_all(_request: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(ValueError, match="/open"):
        mount(web.Application(), (Route("GET", "/open", open_to_all, None),))  # type: ignore[arg-type]


async def test_every_route_asks_for_its_proof(pusher: Pusher) -> None:
    for route in ROUTES:
        url = pusher.url.removesuffix("/official-account") + route.path
        async with pusher.session.request(route.method, url, data=b"<xml/>") as response:
            assert response.status in {400, 403}
    assert signed_push(ACCOUNT_KEY).name


@pytest.fixture
async def sandbox(
    pusher: Pusher,
    session: aiohttp.ClientSession,
    clock: TurnedClock,
    aiohttp_server: Callable[..., Awaitable[TestServer]],
) -> Sandbox:
    """A sandbox WeChat that pushes to our callback, XML in safe mode."""
    account = pusher.deps.settings.official_account
    app = SandboxApp(
        appid=account.appid,
        secret=account.secret,
        token=account.token,
        aes_key=account.aes_key,
        aes_key_previous=account.aes_key_previous,
        push_url=pusher.url,
        push_mode=PushMode.SAFE,
        push_format=PushFormat.XML,
        kind=AppKind.OFFICIAL_ACCOUNT,
    )
    wechat = make_wechat_sandbox(clock=clock, apps=[app], templates={})
    server = await aiohttp_server(wechat)
    hand = Sandbox(server.make_url("/"), session, clock)  # type: ignore[arg-type]
    await hand.person(user="lin")
    assert await wechat[WORLD].pushes.verify(app)
    return hand


async def test_a_wechat_that_checks_replies_takes_ours(sandbox: Sandbox, pusher: Pusher) -> None:
    appid = pusher.deps.settings.official_account.appid
    await sandbox.post("/sandbox/users/lin/follow", appid=appid, scene="station-1")
    await sandbox.post("/sandbox/users/lin/say", appid=appid, text="指南")
    await sandbox.post("/sandbox/users/lin/click", appid=appid, key="progress")
    await sandbox.post("/sandbox/users/lin/unfollow", appid=appid)
    replies = [each["text"] for each in await sandbox.received("lin", "reply")]
    assert replies == [chat_text("welcome", {}), pusher.guide, chat_text("not_bound", {})]


@pytest.mark.parametrize(
    ("defect", "outcome"),
    [
        ("bad_signature", "unavailable"),
        ("no_signature", "unavailable"),
        ("stale", "unavailable"),
        ("wrong_appid", "unavailable"),
        ("foreign_key", "unavailable"),
        ("old_key", "replied"),
    ],
)
async def test_a_push_with_a_defect_ends_as_it_should(
    sandbox: Sandbox, pusher: Pusher, defect: str, outcome: str
) -> None:
    appid = pusher.deps.settings.official_account.appid
    said = [{"MsgType": "text", "Content": "指南"}]
    told = await sandbox.post("/sandbox/push", appid=appid, user="lin", messages=said, defect=defect)
    (push,) = told["pushes"]
    assert push["outcome"] == outcome
    assert {each["status"] for each in push["tries"]} == ({200} if outcome == "replied" else {403})


async def test_the_same_push_many_times_at_once_gets_one_reply(sandbox: Sandbox, pusher: Pusher) -> None:
    appid = pusher.deps.settings.official_account.appid
    said = [{"MsgType": "text", "Content": "指南"}]
    told = await sandbox.post("/sandbox/push", appid=appid, user="lin", messages=said, copies=10, order="at_once")
    assert {(each["outcome"], len(each["tries"])) for each in told["pushes"]} == {("replied", 1)}
    assert await PushSeen.all().count() == 1


async def test_events_nobody_asked_about_are_taken_without_a_word(pusher: Pusher) -> None:
    for inner in (
        event("VIEW", "https://example.cn/"),
        event("LOCATION", Latitude="23.1", Longitude="x", Precision="z"),
        event("some_event_of_next_year"),
        xml(ToUserName=ACCOUNT, FromUserName=FOLLOWER, CreateTime="1790040000", MsgType="hologram", MsgId="7"),
    ):
        assert (await pusher.push(inner)).body == "success"
    assert await PushSeen.all().count() == 0
