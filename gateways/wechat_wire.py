"""The language of WeChat's server API: UTF-8 JSON both ways, HTTP 200 always, trouble told as an errcode."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from gateways.connections import Answer
from gateways.http import ask, post
from gateways.trouble import UnreachableError
from gateways.wechat_errors import WeChatError

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class WeChatWire:
    """One call is one request; no token, no retry, no meaning. Raises UnreachableError and WeChatError."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")

    async def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """GET with everything in the query, as the login endpoints want it."""
        return understood(await ask(self._session, "GET", self._base_url + path, params=params))

    async def post(self, path: str, body: Mapping[str, Any], *, access_token: str | None = None) -> dict[str, Any]:
        """POST raw UTF-8 JSON; WeChat refuses ``\\u`` escapes (40033)."""
        return understood(await self._post(path, body, access_token))

    async def post_for_picture(self, path: str, body: Mapping[str, Any], *, access_token: str) -> bytes:
        """POST for a picture: its bytes as they come; trouble is told as JSON all the same."""
        answer = await self._post(path, body, access_token)
        if answer.status == 200 and answer.body.startswith(_PICTURES):
            return answer.body
        understood(answer)
        raise UnreachableError("no_picture")

    async def _post(self, path: str, body: Mapping[str, Any], access_token: str | None) -> Answer:
        params = None if access_token is None else {"access_token": access_token}
        headers = {"Content-Type": "application/json"}
        return await post(self._session, self._base_url + path, params=params, body=orjson.dumps(body), headers=headers)


def understood(answer: Answer) -> dict[str, Any]:
    """Read an answer; raises UnreachableError when it is no JSON object, WeChatError when it tells an errcode."""
    if answer.status != 200:
        raise UnreachableError(f"http_{answer.status}")
    try:
        told = orjson.loads(answer.body)
        code = int(told.get("errcode") or 0)  # some endpoints say "0" in quotes
        errmsg = str(told.get("errmsg", ""))
    except (ValueError, TypeError, AttributeError):
        raise UnreachableError("not_json") from None
    if code:
        raise WeChatError(code, errmsg)
    return dict(told)
