"""Beneath wechatpy nothing is different: both open what the other sealed, and read the same out of the same bytes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import xmltodict
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot import beneath
from bot.beneath import Cipherer, read_xml, signature
from bot.envelope import MALFORMED
from tests.bot.pushing import event, message

APPID, TOKEN, KEY = "wxapp", "token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable() and "]]>" not in text))
@settings(max_examples=100, deadline=None)
def test_each_opens_what_the_other_sealed(text: str) -> None:
    theirs = xmltodict.parse(WeChatCrypto(TOKEN, KEY, APPID).encrypt_message(text, "1", "2"))["xml"]["Encrypt"]
    assert Cipherer(KEY, APPID).open(theirs) == text
    ours = Cipherer(KEY, APPID).seal(text)
    signed = signature(TOKEN, "2", "1", ours)
    assert WeChatCrypto(TOKEN, KEY, APPID).decrypt_message({"Encrypt": ours}, signed, "2", "1") == text


@given(st.lists(st.text(alphabet="abc019", min_size=1), min_size=1, max_size=5))
def test_signatures_are_the_same(parts: list[str]) -> None:
    signer = WeChatSigner()
    signer.add_data(*parts)
    assert signature(*parts) == signer.signature


@pytest.mark.parametrize(
    "body",
    [
        message("指南 <b> & \n 二"), event("subscribe", "qrscene_7", Ticket="t"), message("   "),
        "<xml><A><List><B>1</B></List><List><B>2</B></List></A><C>x</C><C>y</C><C>z</C><D/></xml>",
    ],
)  # fmt: skip
def test_pushes_are_read_the_same(body: str) -> None:
    assert read_xml(body) == xmltodict.parse(body)["xml"]


@given(st.binary(max_size=200) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_anything_is_read_or_malformed(body: bytes | str) -> None:
    with suppress(*MALFORMED):
        read_xml(body)


@given(st.text(alphabet="ABCDabcd0129+/=", max_size=120))
@settings(max_examples=300, deadline=None)
def test_no_ciphertext_is_our_trouble(sealed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        Cipherer(KEY, APPID).open(sealed)


_NAMES = st.sampled_from(["A", "Content", "MsgId", "a_1", "Encrypt", "甲", "a:b", "1"])
_TEXTS = st.text(alphabet="a1 甲\t\n\r&<>]\x00\x0b\x7f\x85\ufffe\U0001f600", max_size=6)
_ELEMENTS = st.builds(
    lambda name, text, form: form.format(name=name, text=text),
    _NAMES,
    _TEXTS,
    st.sampled_from(
        ["<{name}>{text}</{name}>", "<{name}><![CDATA[{text}]]></{name}>", "<{name}/>", "<{name} >{text}</{name}>",
         "<{name}><![CDATA[{text}]]>{text}</{name}>", "<{name}><B>{text}</B></{name}>", "<!--{text}-->", "{text}"]
    ),
)  # fmt: skip
_BODIES = st.builds(
    lambda begin, inside, end: begin + "".join(inside) + end,
    st.sampled_from(["<xml>", "<xml>", "<xml>", " <xml>", '<?xml version="1.0"?><xml>', "<xml a='b'>", "<yml>"]),
    st.lists(_ELEMENTS, max_size=4),
    st.sampled_from(["</xml>", "</xml>", "</xml>", "</xml> ", "</xml><a/>", ""]),
)


def _read(reading: Callable[[bytes | str], Any], body: bytes | str) -> Any:
    try:
        return reading(body)
    except MALFORMED:
        return "malformed"


@given(_BODIES, st.booleans())
@settings(max_examples=1500, deadline=None)
def test_plain_push_is_read_as_the_parser_reads_it(body: str, as_bytes: bool) -> None:
    """What is not plain is left to the parser, which alone says no."""
    given_body = body.encode() if as_bytes else body
    plain = beneath._read_plain(given_body)
    assert plain is None or plain == _read(beneath._read_any, given_body)


def test_push_of_wechat_is_plain() -> None:
    for body in (message("附近"), event("CLICK", "guide"), message("<b>& \n"), "<xml><A>1</A>\n<B>2</B></xml>"):
        assert beneath._read_plain(body) == beneath._read_any(body)
