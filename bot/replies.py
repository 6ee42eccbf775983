"""A reply in WeChat's XML. Whatever a person typed stays text: it can neither close its element nor open another."""

import re
from datetime import datetime

import orjson
from wechatpy.replies import TextReply, TransferCustomerServiceReply

from bot.push import Push

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0; one spoils it all


def text_reply(push: Push, text: str, now: datetime) -> str:
    """Write a text reply to a push."""
    content = _FORBIDDEN.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(source=push.account, target=push.openid, time=int(now.timestamp()), content=content)
    return str(reply.render())


def handed_to_people(push: Push, now: datetime, *, as_json: bool) -> str:
    """Hand a message of the mini-program's chat to the people who serve it at WeChat."""
    at = int(now.timestamp())
    if not as_json:
        return str(TransferCustomerServiceReply(source=push.account, target=push.openid, time=at).render())
    fields = {"ToUserName": push.openid, "FromUserName": push.account, "CreateTime": at}
    return orjson.dumps({**fields, "MsgType": "transfer_customer_service"}).decode()
