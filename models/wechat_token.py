"""WeChat's access token, shared by all processes; whoever holds the lease fetches it, the others wait for the row."""

from datetime import datetime

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.connect import UNAVAILABLE
from models.store import detached, insert_once


class WeChatToken(Model):
    """The token of one app. ``fetch`` counts fetches: a token refused by WeChat is known by the fetch that brought it.

    ``leased_until``: somebody is asking WeChat just now; a process that died meanwhile gives up its lease by itself.
    """

    id = fields.IntField(primary_key=True)
    appid = fields.CharField(max_length=64, unique=True)
    token = SealedText(null=True)
    ask_again_at = UtcDatetime(null=True)
    fetch = fields.IntField(default=0)
    leased_until = UtcDatetime(null=True)

    class Meta:
        table = "wechat_token"


class TokenShelf:
    """Where processes leave the token for each other. Never raises for a database that is away.

    Then everybody asks WeChat alone, which answers all with the same token: more calls, nothing worse.
    """

    async def look(self, appid: str) -> tuple[str, datetime, int] | None:
        """The token, when to ask WeChat again, and its fetch; None while there is none."""
        try:
            row = await detached(_row(appid))
        except UNAVAILABLE:
            return None
        if row is None or row.token is None or row.ask_again_at is None:
            return None
        return row.token, row.ask_again_at, row.fetch

    async def lease(self, appid: str, fetch: int, now: datetime, until: datetime) -> bool:
        """Take it on oneself to fetch the token after ``fetch``; False when somebody else did, or has it already."""
        try:
            return await detached(_lease(appid, fetch, now, until))
        except UNAVAILABLE:
            return True

    async def put(self, appid: str, text: str, ask_again_at: datetime) -> int:
        """Leave a fetched token for all; its fetch."""
        try:
            return await detached(_put(appid, text, ask_again_at))
        except UNAVAILABLE:
            return 0

    async def give_back(self, appid: str) -> None:
        """End the lease without a token: somebody else may try."""
        try:
            await detached(_give_back(appid))
        except UNAVAILABLE:
            return


async def _row(appid: str) -> WeChatToken | None:
    return await WeChatToken.get_or_none(appid=appid)


async def _lease(appid: str, fetch: int, now: datetime, until: datetime) -> bool:
    await insert_once(WeChatToken, appid=appid)
    free = WeChatToken.filter(Q(leased_until=None) | Q(leased_until__lte=now), appid=appid, fetch=fetch)
    return await free.update(leased_until=until) == 1


async def _put(appid: str, text: str, ask_again_at: datetime) -> int:
    row = WeChatToken.filter(appid=appid)
    await row.update(token=text, ask_again_at=ask_again_at, fetch=F("fetch") + 1, leased_until=None)
    return (await WeChatToken.get(appid=appid).only("fetch")).fetch


async def _give_back(appid: str) -> None:
    await WeChatToken.filter(appid=appid).update(leased_until=None)
