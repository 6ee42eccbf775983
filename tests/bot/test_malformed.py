"""Whatever arrives, it is answered, refused with 4xx, or taken; never 500."""

import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import xmltodict
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.envelope import Envelope
from bot.push import Push, Sort, read_push
from bot.replies import text_reply
from casework.settings import WeChatApp
from domain.refusal import Refusal
from gateways.sandbox.cipher import encrypt, signature_of
from tests.bot.conftest import MakePusher
from tests.bot.pushing import ACCOUNT, FOLLOWER, Pusher, event, message, xml

HEAD = {"ToUserName": ACCOUNT, "FromUserName": FOLLOWER, "CreateTime": "1790040000"}
ENTITY = '<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'

MALFORMED: dict[str, str | bytes] = {
    "nothing": "",
    "one space": " ",
    "only a root": "<xml/>",
    "an empty root": "<xml></xml>",
    "another root": "<html><body/></html>",
    "text in the root": "<xml>hi</xml>",
    "cut off": message("指南")[:-20],
    "two roots": message("指南") * 2,
    "json": '{"MsgType":"text"}',
    "not UTF-8": b"<xml><MsgType>\xff\xfe</MsgType></xml>",
    "a NUL": "<xml><MsgType>\0</MsgType></xml>",
    "UTF-16": message("指南").encode("utf-16"),
    "an entity": ENTITY,
    "a billion laughs": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml>&b;</xml>',
    "an outside entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>',
    "no MsgType": xml(**HEAD, Content="指南", MsgId="1"),
    "an empty MsgType": xml(**HEAD, MsgType="", Content="指南", MsgId="1"),
    "two MsgTypes": message("指南").replace("</xml>", "<MsgType>text</MsgType></xml>"),
    "an attribute on MsgType": message("指南").replace("<MsgType>", '<MsgType a="b">'),
    "children of MsgType": message("指南").replace("<![CDATA[text]]>", "<a>text</a>"),
    "two Events": event("subscribe").replace("</xml>", "<Event>CLICK</Event></xml>"),
    "two EventKeys": event("subscribe", "1").replace("</xml>", "<EventKey>2</EventKey></xml>"),
    "children of EventKey": event("CLICK", "guide").replace("<![CDATA[guide]]>", "<a>guide</a>"),
    "two Contents": message("指南").replace("</xml>", "<Content>进度</Content></xml>"),
    "children of Content": message("指南").replace("<![CDATA[指南]]>", "<a>指南</a>"),
    "no sender": message("指南").replace("FromUserName", "Sender"),
    "two senders": message("指南").replace("</xml>", "<FromUserName>o2</FromUserName></xml>"),
    "markup as a sender": message("指南").replace(FOLLOWER, "o]]]]><![CDATA[>"),
    "no receiver": message("指南").replace("ToUserName", "Receiver"),
    "no time": message("指南").replace("CreateTime", "Time"),
    "a word as a time": message("指南").replace("1790040000", "now"),
    "a time without end": message("指南").replace("1790040000", "9" * 5000),
    "a word as MsgId": message("指南", MsgId="one"),
    "two MsgIds": message("指南", 5).replace("</xml>", "<MsgId>6</MsgId></xml>"),
    "deep": "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
}

OUTER_MALFORMED: dict[str, str | bytes] = {
    **{name: MALFORMED[name] for name in ("nothing", "only a root", "another root", "json", "not UTF-8", "an entity")},
    "no Encrypt": xml(ToUserName=ACCOUNT),
    "an empty Encrypt": xml(ToUserName=ACCOUNT, Encrypt=""),
    "two Encrypts": xml(Encrypt="a").replace("</xml>", "<Encrypt>b</Encrypt></xml>"),
    "children of Encrypt": "<xml><Encrypt><a>b</a></Encrypt></xml>",
}

SEALED_MALFORMED = ["====", "QQ==", "签", "a" * 43, "QUFBQUFBQUFBQUFBQUFBQQ==", "QUFB" * 16, "!" * 64, "A" * 4096]


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_malformed_push_is_refused_as_such(make_pusher: MakePusher, mode: str) -> None:
    pusher = await make_pusher(mode)
    answered = {name: (await pusher.push(inner)).status for name, inner in MALFORMED.items()}
    odd = {name: status for name, status in answered.items() if status != 400}
    assert odd == ({"not UTF-8": 403, "UTF-16": 403} if mode == "safe" else {})


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_a_malformed_envelope_is_refused_as_such(make_pusher: MakePusher, mode: str) -> None:
    pusher = await make_pusher(mode)
    for name, outer in OUTER_MALFORMED.items():
        told = await pusher.post(pusher.signed("a"), outer)
        assert told.status in {400, 403}, name


async def test_a_ciphertext_that_is_none_is_refused_though_signed(pusher: Pusher) -> None:
    for sealed in SEALED_MALFORMED:
        told = await pusher.post(pusher.signed(sealed), xml(Encrypt=sealed).encode())
        assert told.status == 403, sealed


APP = WeChatApp("wxapp", "secret", "token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", None, "safe")
NOW = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)
SEEDS = [
    message("指南", 24_000_000_000_000_001),
    event("subscribe", "qrscene_7", Ticket="t"),
    event("CLICK", "guide"),
    event("scancode_push", "k").replace("</xml>", "<ScanCodeInfo><ScanType>qr</ScanType></ScanCodeInfo></xml>"),
    xml(**HEAD, MsgType="location", Location_X="1", Location_Y="2", Scale="20", Label="某地", MsgId="9"),
    xml(**HEAD, MsgType="device_text", DeviceType="a", Content="b", MsgId="9"),
]
TOKENS = [
    "<",
    ">",
    "</",
    "<xml>",
    "<a>",
    "]]>",
    "<![CDATA[",
    "&",
    "&a;",
    '"',
    "<MsgType>",
    "<Event>",
    "\0",
    "\ud7ff",
    "9",
]


def mutated(dice: random.Random) -> str:
    body = dice.choice(SEEDS)
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(body) + 1)
        end = min(len(body), start + dice.choice([0, 1, 5, 40]))
        body = body[:start] + dice.choice([*TOKENS, "", body[end : end + 30]]) + body[end:]
    return body


def only_refused(body: str) -> None:
    with suppress(Refusal):
        assert len(read_push("wxapp", body).dedupe_key) <= 200


def test_four_thousand_spoiled_pushes_are_read_or_refused() -> None:
    dice = random.Random(20260922)
    for _ in range(4000):
        only_refused(mutated(dice))


def test_two_thousand_spoiled_envelopes_are_opened_or_refused() -> None:
    dice, envelope = random.Random(7), Envelope(APP)
    whole = bytearray(xml(ToUserName=ACCOUNT, Encrypt=encrypt(APP.aes_key, APP.appid, SEEDS[0].encode())).encode())
    timestamp = str(int(NOW.timestamp()))
    opened = 0
    for _ in range(2000):
        body = bytearray(whole)
        for _ in range(dice.randint(0, 2)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        sealed = body.decode(errors="replace").partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        signature = signature_of(APP.token, timestamp, "1", sealed)
        with suppress(Refusal):
            envelope.open({"timestamp": timestamp, "nonce": "1", "msg_signature": signature}, bytes(body), NOW)
            opened += 1
    assert 0 < opened < 2000


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(body: str) -> None:
    only_refused(body)


@given(st.lists(st.sampled_from(["]]>", "]]", ">", "<", "&", "<![CDATA[", "</Content>", "\0", "\x0b", "\ud800", "您"])))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_out_of_its_element(parts: list[str]) -> None:
    text = "".join(parts)
    reply = xmltodict.parse(
        text_reply(Push("wxapp", Sort.TEXT, FOLLOWER, ACCOUNT, "", "", NOW), text, NOW), strip_whitespace=False
    )["xml"]
    fields = {name: value for name, value in reply.items() if name != "#text"}
    assert sorted(fields) == ["Content", "CreateTime", "FromUserName", "MsgType", "ToUserName"]
    assert (fields["Content"] or "") == text.translate({0: None, 11: None, 0xD800: None})


async def test_text_that_looks_like_xml_comes_back_as_one_text(pusher: Pusher) -> None:
    typed = "指南]]></Content><MsgType><![CDATA[news]]></MsgType><Content><![CDATA["
    told = await pusher.push(message(typed.replace("]]>", "]]]]><![CDATA[>")))
    assert told.reply["MsgType"] == "text"


async def test_three_hundred_spoiled_requests_are_never_our_trouble(make_pusher: MakePusher) -> None:
    pusher = await make_pusher("plain")
    dice = random.Random(300)
    for _ in range(300):
        body = mutated(dice).encode(errors="replace")
        assert (await pusher.post(pusher.signed(), body)).status in {200, 400}
