"""The ledger of message credits: nothing in it changes, everything in it adds up, and each telling counts once."""

import asyncio

from casework.callers import Citizen
from casework.message_consents import (
    allow_messages,
    record_consent_change,
    record_consent_event,
    record_sent_event,
    record_template_finished,
)
from casework.self_check import crooked_in_words
from domain.terms import Channel, CreditReason, NoticeKind
from models.account import Account
from models.credit import MessageCredit, crooked_balances, movements_of
from models.delivery_report import DeliveryReport
from tests.casework.town import Town

PICKUP = NoticeKind.READY_FOR_PICKUP


async def asked(town: Town, citizen: Citizen, *, accepted: bool, key: str) -> bool:
    """WeChat pushes what somebody answered."""
    return await record_consent_event(town.deps, **await named(town, citizen), accepted=accepted, key=key)


async def named(town: Town, citizen: Citizen) -> dict[str, str]:
    account = await Account.get(id=citizen.account_id)
    template_id = town.deps.settings.template_ids[PICKUP]
    return {"appid": account.appid, "openid": account.openid, "template_id": template_id}


async def balance(citizen: Citizen) -> int:
    credit = await MessageCredit.get_or_none(account_id=citizen.account_id, template=PICKUP)
    return credit.balance if credit else 0


async def ledger(citizen: Citizen) -> list[tuple[CreditReason, int]]:
    return [(movement.reason, movement.change) for movement in await movements_of(citizen.account_id)]


async def test_every_change_of_a_balance_stands_in_the_ledger_with_its_reason(town: Town) -> None:
    """B73: WeChat cannot be asked what is left, so our own books must be provable."""
    citizen = await town.newcomer()
    assert await asked(town, citizen, accepted=True, key="push-1")
    town.clock.turn(minutes=11)
    assert await asked(town, citizen, accepted=True, key="push-2")
    assert await balance(citizen) == 2
    taken = await record_consent_change(town.deps, **await named(town, citizen), accepted=False, key="push-3")
    assert (taken, await balance(citizen)) == (2, 0)
    assert await ledger(citizen) == [(CreditReason.GRANTED, 1), (CreditReason.GRANTED, 1), (CreditReason.REVOKED, -2)]
    assert await crooked_balances() == []


async def test_a_repeated_push_counts_once_even_at_the_same_time(town: Town) -> None:
    citizen = await town.newcomer()
    told = await asyncio.gather(*(asked(town, citizen, accepted=True, key="push-1") for _ in range(5)))
    assert sorted(told) == [False, False, False, False, True]
    assert (await balance(citizen), await crooked_balances()) == (1, [])


async def test_the_phone_and_wechat_telling_of_the_same_tap_is_one_consent(town: Town) -> None:
    """Whichever comes first; and two taps told by both are two."""
    citizen = await town.newcomer()
    await allow_messages(town.deps, citizen, [PICKUP])
    await asked(town, citizen, accepted=True, key="push-1")
    assert await balance(citizen) == 1
    await asked(town, citizen, accepted=True, key="push-2")
    await allow_messages(town.deps, citizen, [PICKUP])
    assert await balance(citizen) == 2
    assert [reason for reason, _ in await ledger(citizen)] == ["granted", "confirmed", "granted", "confirmed"]
    assert await crooked_balances() == []


async def test_no_and_switching_on_again_allow_nothing(town: Town) -> None:
    citizen = await town.newcomer()
    assert not await asked(town, citizen, accepted=False, key="push-1")
    assert await record_consent_change(town.deps, **await named(town, citizen), accepted=True, key="push-2") == 0
    assert (await balance(citizen), await ledger(citizen)) == (0, [])


async def test_a_stranger_and_a_template_of_somebody_else_change_nothing(town: Town) -> None:
    citizen = await town.newcomer()
    known = await named(town, citizen)
    for wrong in ({"openid": "oNobody"}, {"template_id": "tb-lottery"}, {"appid": "wxother"}):
        told = known | wrong
        assert not await record_consent_event(town.deps, **told, accepted=True, key="push-1")
        assert await record_consent_change(town.deps, **told, accepted=False, key="push-1") == 0
    assert await ledger(citizen) == []


async def test_a_balance_that_was_tampered_with_is_found(town: Town) -> None:
    citizen = await town.newcomer()
    await asked(town, citizen, accepted=True, key="push-1")
    await MessageCredit.filter(account_id=citizen.account_id).update(balance=5)
    assert await crooked_balances() == [(citizen.account_id, PICKUP.value)]
    (said,) = await crooked_in_words()
    assert f"account {citizen.account_id}" in said
    assert PICKUP in said


async def test_what_wechat_tells_of_a_message_is_kept_once_and_wakes_the_postman(town: Town) -> None:
    for _ in range(3):
        await record_sent_event(town.deps, msgid="1700", error_code="43101", error_status="user refuse")
        await record_template_finished(town.deps, msgid="1700", status="success")
    kept = [(report.channel, report.outcome, report.error) for report in await DeliveryReport.all().order_by("id")]
    assert kept == [
        (Channel.SUBSCRIBE_MESSAGE, "failed", "43101 user refuse"),
        (Channel.ACCOUNT_TEMPLATE, "delivered", None),
    ]
    assert set(town.bell.rung) == {"deliver_notices"}
