"""A person takes back, in WeChat's own settings, what the mini-program may know of them (PIPL 15, 47; B50)."""

from casework.deps import Deps, log
from domain.lifecycle import ENDED
from models.account import drop_phone, find_account, unbind_account, withdraw_consent
from models.audit import write_audit
from models.case import cases_of_account


async def consent_revoked(deps: Deps, *, appid: str, openid: str) -> bool:
    """Stop knowing the person: sessions end, the chat is unbound, and the notice must be agreed to anew.

    The phone number goes too, unless a case is under way: then the law asks us to reach the person (R106), and the
    case goes on. False when nobody is known by that openid.
    """
    account = await find_account(appid=appid, openid=openid)
    if account is None:
        return False
    now = deps.clock.now()
    await withdraw_consent(account.id, now)
    await unbind_account(account.id)
    under_way = [case for case in await cases_of_account(account.id) if case.state not in ENDED]
    if not under_way:
        await drop_phone(account.id)
    await write_audit(actor=f"citizen:{account.id}", act="consent_revoked", at=now)
    log.info("consent_revoked", cases_under_way=len(under_way))
    return True
