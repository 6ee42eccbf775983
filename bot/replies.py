"""A reply in WeChat's XML. Whatever a person typed stays text: it can neither close its element nor open another.

The text reply is written here and not by wechatpy: nearly every push gets one, and six lines of XML cost it 30 µs.
"""

import re
from datetime import datetime

import orjson
from wechatpy.replies import TransferCustomerServiceReply

from bot.push import Push

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0; one spoils it all


def text_reply(push: Push, text: str, now: datetime) -> str:
    """Write a text reply to a push."""
    content = _FORBIDDEN.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{push.openid}]]></ToUserName>"
        f"<FromUserName><![CDATA[{push.account}]]></FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content></xml>"
    )


def handed_to_people(push: Push, now: datetime, *, as_json: bool) -> str:
    """Hand a message of the mini-program's chat to the people who serve it at WeChat."""
    at = int(now.timestamp())
    if not as_json:
        return str(TransferCustomerServiceReply(source=push.account, target=push.openid, time=at).render())
    fields = {"ToUserName": push.openid, "FromUserName": push.account, "CreateTime": at}
    return orjson.dumps({**fields, "MsgType": "transfer_customer_service"}).decode()
