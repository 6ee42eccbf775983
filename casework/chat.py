"""The Official Account chat: bound by an explicit act, masked always, answered once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from casework.callers import Citizen
from casework.deps import Deps
from casework.pre_register import insist_on_consent
from casework.secret import hashed
from casework.track import next_in_state
from casework.views import BindingCodeView, ProgressLine
from domain.applicant import mask_name
from domain.refusal import Refusal
from models.account import bind_chat as write_binding
from models.account import bound_account, make_binding_code, spend_binding_code, unbind_chat
from models.case import cases_of_account
from models.push import claim_push, keep_reply, reply_to
from models.store import transaction
from templates.labels import label

BINDING_CODE_LIFE = timedelta(minutes=10)
_DIGITS = 8  # 26 bits for ten minutes, spent on use (V6.5.4)
LINES_IN_CHAT = 5


async def binding_code(deps: Deps, citizen: Citizen) -> BindingCodeView:
    """A code to type into the chat as 绑定 CODE, once, within ten minutes.

    Raises:
        Refusal: ``consent_required``.
    """
    await insist_on_consent(deps, citizen)
    now = deps.clock.now()
    expires_at = now + BINDING_CODE_LIFE
    for _ in range(3):
        code = f"{int.from_bytes(deps.random.token(8), 'big') % 10**_DIGITS:0{_DIGITS}d}"
        if await make_binding_code(citizen.account_id, hashed(code), now, expires_at):
            return BindingCodeView(code=code, expires_at=expires_at)
    raise Refusal("service_unavailable")


async def bind_chat(deps: Deps, *, appid: str, openid: str, code: str) -> bool:
    """Bind a follower by a live code; False for a wrong, used or expired one."""
    now = deps.clock.now()
    async with transaction():
        account_id = await spend_binding_code(hashed(code.strip()), now)
        if account_id is None:
            return False
        await write_binding(account_id, appid=appid, openid=openid, at=now)
        return True


async def progress_in_chat(deps: Deps, *, appid: str, openid: str) -> tuple[ProgressLine, ...] | None:  # noqa: ARG001
    """The newest cases of the bound account, masked; None when the follower is not bound."""
    account_id = await bound_account(appid=appid, openid=openid)
    if account_id is None:
        return None
    return tuple(
        ProgressLine(
            number_masked=f"{case.number[:6]}…{case.number[-2:]}",
            name_masked=mask_name(str(case.form["name"])),
            item_label=label(case.item),
            state_label=label(case.state),
            next_step=next_in_state(case),
        )
        for case in (await cases_of_account(account_id))[:LINES_IN_CHAT]
    )


async def forget_follower(deps: Deps, *, appid: str, openid: str) -> None:  # noqa: ARG001
    """A follower left: their binding is deleted."""
    await unbind_chat(appid=appid, openid=openid)


async def answer_once(deps: Deps, dedupe_key: str, reply: Callable[[], Awaitable[str]]) -> str:
    """Answer a push once; a repeated push gets the same words and changes nothing.

    Claim, effect and reply share one transaction: a crash leaves all or none, and WeChat asks again.
    """
    async with transaction():
        if await claim_push(dedupe_key, deps.clock.now()):
            words = await reply()
            await keep_reply(dedupe_key, words)
            return words
    return await reply_to(dedupe_key) or ""
