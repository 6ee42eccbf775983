"""One app at WeChat, whatever it is: its token, its one retry, its counted calls, its chat with a person."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import structlog

from domain.notice import Delivery, DeliveryOutcome
from gateways.access_token import Shelf, StableToken
from gateways.call_counts import CallCounts
from gateways.trouble import UnreachableError
from gateways.wechat_errors import TOKEN_STALE, WeChatError, outcome_of
from gateways.wechat_wire import WeChatWire

_log = structlog.get_logger(__name__)

T = TypeVar("T")


class WeChatCaller:
    """What a mini-program and an Official Account have in common; ``base_url`` points at WeChat or at the sandbox.

    With a ``shelf`` all processes share one token and one of them fetches it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        appid: str,
        secret: str,
        clock: Callable[[], datetime],
        shelf: Shelf | None = None,
    ) -> None:
        self.appid = appid
        self.counts = CallCounts(appid, clock)
        self._wire = WeChatWire(session, base_url)
        self._token = StableToken(self._wire, appid=appid, secret=secret, clock=clock, shelf=shelf)
        self._secret = secret

    async def ping(self) -> None:
        """Ask WeChat for a token as ``run.py check`` does; raises GatewayError with a sentence for operators."""
        await self._token.fetch()

    async def send_customer_text(self, *, openid: str, text: str) -> Delivery:
        """Answer in the chat, within the windows WeChat allows after the person did something. Never raises."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return await self._deliver("/cgi-bin/message/custom/send", body)

    async def clear_quota(self) -> None:
        """Start the day's counts at WeChat anew: ten times a month, then 48006. Raises GatewayError."""
        await self._call("/cgi-bin/clear_quota", {"appid": self.appid})

    async def quota(self, path: str) -> Mapping[str, int]:
        """WeChat's own count of an interface today: ``daily_limit``, ``used``, ``remain``. Raises GatewayError."""
        told = (await self._call("/cgi-bin/openapi/quota/get", {"cgi_path": path})).get("quota")
        if not isinstance(told, dict):
            raise UnreachableError("quota_malformed")
        return {name: int(told.get(name) or 0) for name in ("daily_limit", "used", "remain")}

    async def _call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST JSON with the token."""
        return await self._with_token(path, lambda token: self._wire.post(path, body, access_token=token))

    async def _ask(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET with the token."""
        given = params or {}
        return await self._with_token(path, lambda token: self._wire.get(path, {**given, "access_token": token}))

    async def _picture(self, path: str, body: Mapping[str, Any]) -> bytes:
        """POST JSON with the token, for a picture."""
        return await self._with_token(path, lambda token: self._wire.post_for_picture(path, body, access_token=token))

    async def _with_token(self, path: str, call: Callable[[str], Awaitable[T]]) -> T:
        """Call with the token; on a stale one fetch once and try once more, and then believe the error."""
        token = await self._token.get()
        self.counts.add(path)
        try:
            return await call(token.text)
        except WeChatError as error:
            if error.errcode not in TOKEN_STALE:
                raise
        self._token.discard(token)
        fresh = await self._token.get()
        self.counts.add(path)
        return await call(fresh.text)

    async def _deliver(self, path: str, body: Mapping[str, Any]) -> Delivery:
        try:
            answer = await self._call(path, body)
        except WeChatError as error:
            _log.warning("wechat_message_refused", path=path, errcode=error.errcode, rid=error.rid, field=error.field)
            told = f"{error.errcode} {error.field}" if error.field else str(error.errcode)
            return Delivery(outcome_of(error), error=told)
        except UnreachableError as trouble:
            _log.warning("wechat_message_unknown", path=path, reason=trouble.reason)
            return Delivery(DeliveryOutcome.RETRY_LATER, error=trouble.reason)
        provider_id = answer.get("msgid")
        return Delivery(DeliveryOutcome.ACCEPTED, provider_id=None if provider_id is None else str(provider_id))
