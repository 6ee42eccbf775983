"""The Official Account at WeChat: messages to followers, and the menu under the chat."""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import aiohttp

from domain.notice import Delivery
from gateways.access_token import Shelf
from gateways.wechat_call import WeChatCaller
from gateways.wechat_errors import MENU_MISSING, WeChatError


class OfficialAccountClient(WeChatCaller):
    """The Official Account; its messages may open a page of ``miniapp``, the AppID of the linked mini-program."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        appid: str,
        secret: str,
        clock: Callable[[], datetime],
        miniapp: str,
        shelf: Shelf | None = None,
    ) -> None:
        super().__init__(session, base_url=base_url, appid=appid, secret=secret, clock=clock, shelf=shelf)
        self._miniapp = miniapp

    async def send_template_message(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None = None,
        url: str | None = None,
        message_id: str | None = None,
    ) -> Delivery:
        """Send a template message to a follower; a tap opens ``page`` of the mini-program, else ``url``.

        Never raises. With a ``message_id`` WeChat drops a repetition for some minutes; ACCEPTED means taken, and
        whether it arrived comes later as TEMPLATESENDJOBFINISH with the Delivery's ``provider_id``.
        """
        body = self._message(openid, template_id, data, page)
        if url is not None:
            body["url"] = url
        if message_id is not None:
            body["client_msg_id"] = sha256(message_id.encode()).hexdigest()[:32]  # ours are longer than WeChat's
        return await self._deliver("/cgi-bin/message/template/send", body)

    async def send_subscription_notice(
        self, *, openid: str, template_id: str, data: Mapping[str, str], page: str | None = None
    ) -> Delivery:
        """Send one message a follower agreed to in the account (bizsend). Never raises."""
        return await self._deliver("/cgi-bin/message/subscribe/bizsend", self._message(openid, template_id, data, page))

    async def put_menu(self, menu: Mapping[str, Any]) -> None:
        """Put the menu under the chat; phones show it within some minutes. Raises GatewayError."""
        await self._call("/cgi-bin/menu/create", menu)

    async def menu(self) -> Mapping[str, Any] | None:
        """The menu as WeChat has it, None when there is none. Raises GatewayError."""
        try:
            told = await self._ask("/cgi-bin/menu/get")
        except WeChatError as error:
            if error.errcode == MENU_MISSING:
                return None
            raise
        menu = told.get("menu")
        return menu if isinstance(menu, dict) else None

    async def delete_menu(self) -> None:
        """Take the menu away. Raises GatewayError."""
        await self._ask("/cgi-bin/menu/delete")

    def _message(self, openid: str, template_id: str, data: Mapping[str, str], page: str | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
        }
        if page is not None:
            body["miniprogram"] = {"appid": self._miniapp, "pagepath": page}
        return body
