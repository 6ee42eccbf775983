"""The mini-program at WeChat: who is this, what is their phone number, tell them something, make a way in."""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import structlog

from domain.notice import Delivery
from domain.refusal import Refusal
from gateways.access_token import Shelf
from gateways.trouble import GatewayError, UnreachableError
from gateways.wechat_call import WeChatCaller
from gateways.wechat_errors import (
    CODE_BLOCKED,
    CODE_INVALID,
    CODE_MISSING,
    CODE_USED,
    SESSION_GONE,
    TOO_OFTEN,
    WeChatError,
)

_log = structlog.get_logger(__name__)

_CODE = re.compile(r"[!-~]{1,256}")
_MAINLAND_NUMBER = re.compile(r"1[3-9][0-9]{9}")

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}")
_VERSIONS = {"formal": "release", "trial": "trial", "developer": "develop"}
_COMMENT = 2  # WeChat's number for a remark others can read
_LONGEST_CHECKED = 2500  # characters

_LOGIN_REFUSALS = {
    CODE_INVALID: "login_code_invalid",
    CODE_MISSING: "login_code_invalid",
    CODE_USED: "login_code_used",
    CODE_BLOCKED: "login_blocked",
    TOO_OFTEN: "login_too_often",
}
_PHONE_REFUSALS = {CODE_INVALID: "phone_code_invalid", CODE_USED: "phone_code_invalid", TOO_OFTEN: "too_many_requests"}


@dataclass(frozen=True)
class WeChatLogin:
    """Who opened the mini-program; ``unionid`` only where the app is bound to an Open Platform account."""

    openid: str
    unionid: str | None


class WeChatClient(WeChatCaller):
    """The mini-program."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        appid: str,
        secret: str,
        clock: Callable[[], datetime],
        miniprogram_state: str = "formal",
        shelf: Shelf | None = None,
    ) -> None:
        super().__init__(session, base_url=base_url, appid=appid, secret=secret, clock=clock, shelf=shelf)
        self._miniprogram_state = miniprogram_state

    async def login(self, code: str) -> WeChatLogin:
        """Exchange a wx.login code (one use, five minutes). The session key stays at WeChat: nothing here needs it.

        Raises Refusal login_code_invalid, login_code_used, login_blocked, login_too_often, wechat_unreachable.
        """
        _insist_on_code(code, "login_code_invalid")
        query = {
            "appid": self.appid,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = await _refusing(self._wire.get("/sns/jscode2session", query), _LOGIN_REFUSALS)
        openid, unionid = answer.get("openid"), answer.get("unionid")
        if not isinstance(openid, str) or not openid:
            raise Refusal("wechat_unreachable")
        return WeChatLogin(openid, unionid if isinstance(unionid, str) and unionid else None)

    async def phone_number(self, code: str) -> str:
        """Exchange a getPhoneNumber code (one use, five minutes) for the 11 digits of a mainland number.

        Raises Refusal phone_code_invalid, phone_not_mainland, too_many_requests, wechat_unreachable.
        """
        _insist_on_code(code, "phone_code_invalid")
        answer = await _refusing(self._call("/wxa/business/getuserphonenumber", {"code": code}), _PHONE_REFUSALS)
        return self._mainland_number(answer.get("phone_info"))

    async def send_subscribe_message(
        self, *, openid: str, template_id: str, page: str, data: Mapping[str, str]
    ) -> Delivery:
        """Send one subscription message and spend one consent. Never raises: the Delivery tells what became of it.

        RETRY_LATER after a timeout means *unknown*: WeChat may have delivered it, and has no id to dedupe by.
        """
        return await self._deliver(
            "/cgi-bin/message/subscribe/send",
            {
                "touser": openid,
                "template_id": template_id,
                "page": page,
                "miniprogram_state": self._miniprogram_state,
                "lang": "zh_CN",
                "data": {key: {"value": value} for key, value in data.items()},
            },
        )

    async def session_is_good(self, openid: str, session_key: str) -> bool:
        """Whether a session key is still the person's (checksession). Raises GatewayError."""
        signature = hmac.new(session_key.encode(), b"", "sha256").hexdigest()
        query = {"openid": openid, "signature": signature, "sig_method": "hmac_sha256"}
        try:
            await self._ask("/wxa/checksession", query)
        except WeChatError as error:
            if error.errcode == SESSION_GONE:
                return False
            raise
        return True

    async def code_picture(self, scene: str, page: str) -> bytes:
        """A mini-program code that opens ``page`` with ``scene``: 32 characters at most, without Chinese or %.

        Raises ValueError for another scene, GatewayError.
        """
        if not _SCENE.fullmatch(scene):
            raise ValueError("a scene has 1 to 32 characters of WeChat's alphabet")
        body = {"scene": scene, "page": page, "env_version": _VERSIONS[self._miniprogram_state]}
        return await self._picture("/wxa/getwxacodeunlimit", body)

    async def link(self, path: str, query: str, *, days: int = 30) -> str:
        """A link, say for an SMS, that opens a page of the mini-program for so many days. Raises GatewayError."""
        body = {"path": path, "query": query, "expire_type": 1, "expire_interval": days}
        answer = await self._call("/wxa/generate_urllink", body)
        url = answer.get("url_link")
        if not isinstance(url, str):
            raise UnreachableError("link_malformed")
        return url

    async def finds_risky(self, *, openid: str, text: str) -> bool:
        """Whether WeChat objects to a text that others will see; the writer was here in the last two hours.

        Raises GatewayError.
        """
        body = {"openid": openid, "scene": _COMMENT, "version": 2, "content": text[:_LONGEST_CHECKED]}
        result = (await self._call("/wxa/msg_sec_check", body)).get("result")
        if not isinstance(result, dict):
            raise UnreachableError("verdict_malformed")
        return result.get("suggest") == "risky"

    def _mainland_number(self, info: Any) -> str:
        """Read phone_info; the watermark must be ours, the country code comes as a number or as text."""
        try:
            country, number = str(info["countryCode"]), str(info["purePhoneNumber"])
            meant_for_us = info["watermark"]["appid"] == self.appid
        except (KeyError, TypeError):
            raise Refusal("wechat_unreachable") from None
        if not meant_for_us:
            raise Refusal("wechat_unreachable")
        if country != "86" or not _MAINLAND_NUMBER.fullmatch(number):
            raise Refusal("phone_not_mainland", source="B41")
        return number


def _insist_on_code(code: str, refusal: str) -> None:
    """Stop nonsense here: it would only spend WeChat's quota."""
    if not _CODE.fullmatch(code):
        raise Refusal(refusal)


async def _refusing(call: Awaitable[dict[str, Any]], refusals: Mapping[int, str]) -> dict[str, Any]:
    """Await a call made for a citizen; what they can mend becomes its refusal, all else wechat_unreachable."""
    try:
        return await call
    except WeChatError as error:
        if error.errcode in refusals:
            raise Refusal(refusals[error.errcode]) from None
        _log.error("wechat_call_failed", errcode=error.errcode, rid=error.rid)
        raise Refusal("wechat_unreachable") from None
    except GatewayError as trouble:
        _log.warning("wechat_unreachable", trouble=str(trouble))
        raise Refusal("wechat_unreachable") from None
