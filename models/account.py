"""Citizen accounts: who logged in from WeChat, what they consented to, and their sessions."""

from collections.abc import Collection, Sequence
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime, blind_index
from models.group import Group
from models.many import read_as, rows
from models.store import insert_once


class Account(Model):
    """One WeChat user of one app. ``openid_index`` (blind) is unique; the openid itself is sealed."""

    id = fields.IntField(primary_key=True)
    appid = fields.CharField(max_length=64)
    openid = SealedText()
    openid_index = fields.CharField(max_length=64, unique=True)
    phone = SealedText(null=True)
    phone_index = fields.CharField(max_length=64, null=True, db_index=True)
    phone_verified_at = UtcDatetime(null=True)
    created_at = UtcDatetime()

    class Meta:
        table = "account"


class Consent(Model):
    """Append-only: which version of the privacy notice an account agreed to, and when (B50)."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="consents", on_delete=fields.RESTRICT
    )
    account_id: int
    version = fields.CharField(max_length=40)
    given_at = UtcDatetime()

    class Meta:
        table = "consent"
        unique_together = (("account", "version"),)


class ConsentWithdrawal(Model):
    """An account took its consent back at WeChat; nothing more is processed on it until it is given anew (B50)."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="withdrawals", on_delete=fields.RESTRICT
    )
    account_id: int
    at = UtcDatetime()
    answered_at = UtcDatetime(null=True)

    class Meta:
        table = "consent_withdrawal"


class Session(Model):
    """A citizen's session: a reference token (only its hash is kept) with an idle and an absolute end."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="sessions", on_delete=fields.RESTRICT
    )
    account_id: int
    created_at = UtcDatetime()
    last_seen_at = UtcDatetime()
    ends_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)

    class Meta:
        table = "session"


class ChatBinding(Model):
    """A follower of the Official Account, bound to a citizen account by an explicit act in the mini-program."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="chat_bindings", on_delete=fields.RESTRICT
    )
    account_id: int
    openid = SealedText()
    openid_index = fields.CharField(max_length=64, unique=True)
    bound_at = UtcDatetime()

    class Meta:
        table = "chat_binding"


class BindingCode(Model):
    """A short code shown in the mini-program, typed once into the chat before it expires."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="binding_codes", on_delete=fields.RESTRICT
    )
    account_id: int
    code_hash = fields.CharField(max_length=64, unique=True)
    expires_at = UtcDatetime()
    used_at = UtcDatetime(null=True)

    class Meta:
        table = "binding_code"


def openid_index(appid: str, openid: str) -> str:
    """The blind index of a (provider, subject) pair; openids of two apps never collide."""
    return blind_index(f"{appid}:{openid}", "openid")


async def find_or_make_account(*, appid: str, openid: str, at: datetime) -> Account:
    """The account of this WeChat user, made at the first login; two logins at once make one."""
    index = openid_index(appid, openid)
    await insert_once(Account, appid=appid, openid=openid, openid_index=index, created_at=at)
    return await Account.get(openid_index=index)


async def account_of_openid(*, appid: str, openid: str) -> int | None:
    """The account of this WeChat user, None for somebody who never logged in."""
    account = await Account.get_or_none(openid_index=openid_index(appid, openid))
    return account.id if account else None


async def bound_followers(account_ids: Collection[int]) -> dict[int, str]:
    """The openids in the Official Account of those accounts that are bound to it; the newest binding counts."""
    bindings = ChatBinding.filter(account_id__in=list(account_ids)).order_by("bound_at", "id")
    return {binding.account_id: binding.openid for binding in await bindings}


async def keep_phone(account_id: int, phone: str, at: datetime) -> None:
    """Write the verified phone number."""
    await Account.filter(id=account_id).update(
        phone=phone, phone_index=blind_index(phone, "phone"), phone_verified_at=at
    )


async def give_consent(account_id: int, version: str, at: datetime) -> None:
    """Record a consent once; a second time only ends a withdrawal."""
    await insert_once(Consent, account_id=account_id, version=version, given_at=at)
    await ConsentWithdrawal.filter(account_id=account_id, answered_at=None).update(answered_at=at)


async def has_consented(account_id: int, version: str) -> bool:
    """Whether this account agreed to this version and did not take it back."""
    if await ConsentWithdrawal.filter(account_id=account_id, answered_at=None).exists():
        return False
    return await Consent.filter(account_id=account_id, version=version).exists()


async def withdraw_consent(account_id: int, at: datetime) -> None:
    """Record that a consent was taken back, and end every session."""
    await ConsentWithdrawal.create(account_id=account_id, at=at)
    await Session.filter(account_id=account_id, ended_at=None).update(ended_at=at)


async def phone_of_account(account_id: int) -> str | None:
    """The verified phone number, if there is one."""
    phone: str | None = (await Account.get(id=account_id)).phone
    return phone


async def drop_phone(account_id: int) -> None:
    """Delete the phone number."""
    await Account.filter(id=account_id).update(phone=None, phone_index=None, phone_verified_at=None)


async def find_account(*, appid: str, openid: str) -> Account | None:
    """The account of a WeChat user, if there is one."""
    return await Account.get_or_none(openid_index=openid_index(appid, openid))


async def start_session(account_id: int, token_hash: str, at: datetime, ends_at: datetime) -> None:
    """Open a session."""
    await Session.create(account_id=account_id, token_hash=token_hash, created_at=at, last_seen_at=at, ends_at=ends_at)


async def live_session(token_hash: str) -> Session | None:
    """The session that was not ended, whatever its times. Those who come at once are looked up together."""
    return await _SESSIONS.do(token_hash)


async def _live_sessions(token_hashes: Sequence[str]) -> list[Session | Exception | None]:
    found = await rows(
        "SELECT * FROM session WHERE token_hash = ANY($1::varchar[]) AND ended_at IS NULL", list(token_hashes)
    )
    sessions: dict[str, Session] = {row["token_hash"]: read_as(Session, row) for row in found}
    return [sessions.get(token_hash) for token_hash in token_hashes]


_SESSIONS: Group[str, Session | None] = Group(_live_sessions, reading=True)


async def touch_session(session_id: int, at: datetime) -> None:
    """Note that the session was used."""
    await Session.filter(id=session_id).update(last_seen_at=at)


async def end_session(token_hash: str, at: datetime) -> None:
    """End a session; the token is refused from now on."""
    await Session.filter(token_hash=token_hash, ended_at=None).update(ended_at=at)


async def make_binding_code(account_id: int, code_hash: str, at: datetime, expires_at: datetime) -> bool:
    """Keep the hash of a binding code; False when a code that still lives has it. Dead codes are swept out."""
    await BindingCode.filter(expires_at__lte=at).delete()
    return await insert_once(BindingCode, account_id=account_id, code_hash=code_hash, expires_at=expires_at)


async def spend_binding_code(code_hash: str, at: datetime) -> int | None:
    """Use a live code once: the account it belongs to, or None."""
    spent = await BindingCode.filter(code_hash=code_hash, used_at=None, expires_at__gt=at).update(used_at=at)
    return (await BindingCode.get(code_hash=code_hash)).account_id if spent else None


async def bind_chat(account_id: int, *, appid: str, openid: str, at: datetime) -> None:
    """Bind a follower to an account; binding again moves the follower to the new account."""
    index = openid_index(appid, openid)
    if not await insert_once(ChatBinding, account_id=account_id, openid=openid, openid_index=index, bound_at=at):
        await ChatBinding.filter(openid_index=index).update(account_id=account_id, bound_at=at)


async def bound_account(*, appid: str, openid: str) -> int | None:
    """The account bound to this follower."""
    binding = await ChatBinding.get_or_none(openid_index=openid_index(appid, openid))
    return binding.account_id if binding else None


async def unbind_chat(*, appid: str, openid: str, bound_before: datetime | None = None) -> None:
    """Forget a follower who left: WeChat's rule asks that their data go. A binding made later than that stays."""
    binding = ChatBinding.filter(openid_index=openid_index(appid, openid))
    await (binding if bound_before is None else binding.filter(bound_at__lt=bound_before)).delete()


async def unbind_account(account_id: int) -> None:
    """Forget every follower bound to an account."""
    await ChatBinding.filter(account_id=account_id).delete()
