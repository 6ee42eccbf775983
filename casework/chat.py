"""The Official Account chat: bound by an explicit act, masked always, forgotten when the person leaves."""

from datetime import datetime, timedelta

from casework.callers import Citizen
from casework.deps import Deps
from casework.of_age import cases_now_of
from casework.pre_register import insist_on_consent
from casework.secret import hashed
from casework.track import step_to_take
from casework.views import BindingCodeView, ProgressLine
from domain.applicant import mask_name
from domain.refusal import Refusal
from models.account import bind_chat as write_binding
from models.account import bound_account, make_binding_code, openid_index, spend_binding_code, unbind_chat
from models.chat_talk import forget_talk
from models.push import forget_replies
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


async def bound_citizen(deps: Deps, *, appid: str, openid: str) -> Citizen | None:
    """Whose account a follower is bound to; None when to none, or when the consent to be known was taken back."""
    account_id = await bound_account(appid=appid, openid=openid)
    if account_id is None:
        return None
    citizen = Citizen(account_id)
    try:
        await insist_on_consent(deps, citizen)
    except Refusal:
        return None
    return citizen


async def progress_in_chat(deps: Deps, citizen: Citizen) -> tuple[ProgressLine, ...]:
    """The newest cases of the account, masked."""
    return tuple(
        [
            ProgressLine(
                number_masked=masked_number(case.number),
                name_masked=mask_name(str(case.form["name"])),
                item_label=label(case.item),
                state_label=label(case.state),
                next_step=await step_to_take(deps, case),
                residence=case.residence_division,
                item=case.item,
                is_live=case.ended_at is None,
            )
            for case in (await cases_now_of(deps, citizen.account_id))[:LINES_IN_CHAT]
        ]
    )


def masked_number(number: str) -> str:
    """A case number that its owner knows again and nobody can use."""
    return f"{number[:6]}…{number[-2:]}"


async def unbind(deps: Deps, *, appid: str, openid: str) -> None:  # noqa: ARG001
    """A follower no longer wants to be known here."""
    await unbind_chat(appid=appid, openid=openid)


async def forget_follower(deps: Deps, *, appid: str, openid: str, left_at: datetime) -> None:  # noqa: ARG001
    """A follower left: binding, talk, what was said and what is owed are deleted, as WeChat's rules and the law ask.

    Whoever came back and bound anew since then keeps the new binding: pushes may come late.
    """
    follower = openid_index(appid, openid)
    await unbind_chat(appid=appid, openid=openid, bound_before=left_at + timedelta(seconds=1))
    await forget_talk(follower)
    await forget_replies(follower)
