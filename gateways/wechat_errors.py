"""WeChat's error codes sorted by what we do about them; the text of an error is never trusted, only its code."""

import re

from domain.notice import DeliveryOutcome
from gateways.trouble import GatewayError

BUSY = -1
OPENID_INVALID = 40003
CODE_INVALID = 40029
CODE_USED = 40163
CODE_BLOCKED = 40226
CODE_MISSING = 41008
TOO_OFTEN = 45011
MENU_MISSING = 46003
SESSION_GONE = 87009

TOKEN_STALE = frozenset({40001, 40014, 42001})
BUSY_OR_LIMITED = frozenset({BUSY, 45009, TOO_OFTEN})
PERSON_NOT_REACHED = frozenset({OPENID_INVALID, 43004, 43101, 45015, 45047, 50002})

_OPERATOR_HINTS = {
    40001: "check the AppSecret: WeChat doesn't accept our access token",
    40013: "check the AppID",
    40125: "check the AppSecret",
    40164: "add this server's address to the IP allow-list of the account",
    40243: "the AppSecret is frozen; unfreeze it in the account's console",
    48001: "the account has no right to this interface",
}


class WeChatError(GatewayError):
    """WeChat answered with an error code.

    ``rid`` is WeChat's own name of the call (openapi/rid/get tells more); ``field`` is the message field a 47003
    complains about.
    """

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        hint = _OPERATOR_HINTS.get(errcode, "see WeChat's list of error codes")
        self.errcode = errcode
        self.rid = _found(r"rid: ?([0-9A-Za-z-]+)", errmsg)
        self.field = _found(r"data\.(\w+)\.value", errmsg)
        super().__init__(f"WeChat error {errcode}: {hint}")


def outcome_of(error: WeChatError) -> DeliveryOutcome:
    """What an error means for a message under way (protocol: busy and limited wait, the person's own state moves on).

    A token that stays refused after the one refetch waits as well: the message is not to blame. Wrong settings and
    wrong fields, known or unknown to us, need a person.
    """
    if error.errcode in BUSY_OR_LIMITED | TOKEN_STALE:
        return DeliveryOutcome.RETRY_LATER
    if error.errcode in PERSON_NOT_REACHED:
        return DeliveryOutcome.NEXT_CHANNEL
    return DeliveryOutcome.BROKEN


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match.group(1) if match else None
