"""The sandbox's signed and encrypted interfaces, played by an app that is written after the protocol alone."""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.gateways.outside import MINIAPP_ID, Sandbox

PHONE, CHECK = "/wxa/business/getuserphonenumber", "/wxa/msg_sec_check"
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


@dataclass
class App:
    """The mini-program's server, with the keys that were agreed on."""

    sandbox: Sandbox
    key: rsa.RSAPrivateKey
    agreed: dict[str, Any]

    @property
    def now(self) -> int:
        return int(self.sandbox.clock().timestamp())

    def sealed(self, path: str, body: dict[str, Any]) -> bytes:
        inside = orjson.dumps({"_n": "n", "_appid": MINIAPP_ID, "_timestamp": self.now, **body})
        iv, aad = secrets.token_bytes(12), self.aad(path, str(self.now))
        data = AESGCM(b64decode(self.agreed["sym_key"])).encrypt(iv, inside, aad)
        parts = {"iv": iv, "data": data[:-16], "authtag": data[-16:]}
        return orjson.dumps({name: b64encode(part).decode() for name, part in parts.items()})

    def headers(self, path: str, body: bytes) -> dict[str, str]:
        signature = self.key.sign(to_sign(path, str(self.now), body), PSS, hashes.SHA256())
        return {
            "Wechatmp-Appid": MINIAPP_ID,
            "Wechatmp-TimeStamp": str(self.now),
            "Wechatmp-Signature": b64encode(signature).decode(),
        }

    def aad(self, path: str, timestamp: str) -> bytes:
        return f"https://api.weixin.qq.com{path}|{MINIAPP_ID}|{timestamp}|{self.agreed['sym_sn']}".encode()

    async def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer out of its envelope, its signature proven."""
        raw = self.sealed(path, body)
        told, headers = await self.send(path, raw, self.headers(path, raw))
        assert headers["Wechatmp-Serial"] == self.agreed["serial"]
        theirs = serialization.load_pem_public_key(self.agreed["public_key"].encode())
        assert isinstance(theirs, rsa.RSAPublicKey)
        timestamp, signature = headers["Wechatmp-TimeStamp"], b64decode(headers["Wechatmp-Signature"])
        theirs.verify(signature, to_sign(path, timestamp, told), PSS, hashes.SHA256())
        with pytest.raises(InvalidSignature):
            theirs.verify(signature, to_sign(path, timestamp, told + b" "), PSS, hashes.SHA256())
        iv, data, tag = (b64decode(orjson.loads(told)[name]) for name in ("iv", "data", "authtag"))
        return dict(
            orjson.loads(AESGCM(b64decode(self.agreed["sym_key"])).decrypt(iv, data + tag, self.aad(path, timestamp)))
        )

    async def send(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        token = (await self.sandbox.token())["access_token"]
        url = self.sandbox.base.with_path(path).with_query(access_token=token)
        async with self.sandbox.session.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200
            return await answer.read(), dict(answer.headers)


def to_sign(path: str, timestamp: str, body: bytes) -> bytes:
    return f"https://api.weixin.qq.com{path}\n{MINIAPP_ID}\n{timestamp}\n".encode() + body


@pytest.fixture
async def app(sandbox: Sandbox) -> App:
    key = rsa.generate_private_key(65537, 2048)
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    agreed = await sandbox.post("/sandbox/api-security", appid=MINIAPP_ID, public_key=shown.decode())
    return App(sandbox, key, agreed)


async def test_a_sealed_call_is_answered_under_seal_and_signature(sandbox: Sandbox, app: App) -> None:
    user = await sandbox.person(phone="13900000000")
    told = await app.call(PHONE, {"code": await sandbox.phone_code(user)})
    assert told["phone_info"]["purePhoneNumber"] == "13900000000"
    assert told["_appid"] == MINIAPP_ID
    assert abs(told["_timestamp"] - app.now) <= 1


async def test_an_error_of_the_interface_itself_comes_under_seal_too(app: App) -> None:
    assert (await app.call(PHONE, {"code": "nobody-s"}))["errcode"] == 40029


async def test_what_is_wrong_with_the_envelope_is_told_in_clear(app: App) -> None:
    good = app.sealed(CHECK, {"content": "好", "version": 2, "scene": 1, "openid": "o"})
    signed = app.headers(CHECK, good)
    other = app.sealed(PHONE, {"code": "x"})  # sealed for another interface, signed for this one
    wrong: list[tuple[bytes, dict[str, str], int]] = [
        (good, {name: value for name, value in signed.items() if name != "Wechatmp-Appid"}, 40233),
        (good, {name: value for name, value in signed.items() if name != "Wechatmp-TimeStamp"}, 40231),
        (good, {name: value for name, value in signed.items() if name != "Wechatmp-Signature"}, 40232),
        (good + b" ", signed, 40234),
        (good, {**signed, "Wechatmp-Appid": "wxother"}, 40234),
        (good, {**signed, "Wechatmp-TimeStamp": str(app.now - 301)}, 40234),
        (good, {**signed, "Wechatmp-Signature": "????"}, 40234),
        (other, app.headers(CHECK, other), 40235),
        (b"{}", app.headers(CHECK, b"{}"), 40235),
    ]
    for body, headers, errcode in wrong:
        answer, _ = await app.send(CHECK, body, headers)
        assert orjson.loads(answer)["errcode"] == errcode, errcode


async def test_other_interfaces_and_other_apps_go_on_in_clear(sandbox: Sandbox, app: App) -> None:
    assert (await sandbox.call("/cgi-bin/message/subscribe/send"))["errcode"] != 40233
    assert (await sandbox.call(CHECK))["errcode"] == 40233
    assert app.agreed["sym_sn"]


@pytest.mark.parametrize("body", [{"appid": "wxnobody", "public_key": "x"}, {"appid": MINIAPP_ID, "public_key": "x"}])
async def test_keys_that_are_none_are_refused(sandbox: Sandbox, body: dict[str, str]) -> None:
    async with sandbox.session.post(sandbox.base.with_path("/sandbox/api-security"), json=body) as answer:
        assert answer.status == 400
