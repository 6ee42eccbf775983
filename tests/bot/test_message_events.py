"""What WeChat tells of messages ends in the ledger and in the reports, once, in whatever order it comes."""

from typing import Any

import pytest

from models.credit import CreditMovement, MessageCredit
from models.delivery_report import DeliveryReport
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone
from tests.gateways.outside import PICKUP, PICKUP_DATA


async def balance(phone: Phone) -> int:
    return sum(credit.balance for credit in await MessageCredit.all())


@pytest.mark.parametrize("written", ["json", "xml"])
async def test_a_consent_is_entered_and_one_switched_off_is_cleared(make_phone: MakePhone, written: str) -> None:
    phone = await make_phone(TONGBAN_MINIAPP_PUSH_FORMAT=written)
    await phone.bound()
    appid = phone.deps.settings.miniapp.appid
    asked = {"appid": appid, "template_ids": [PICKUP]}
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/subscribe", **asked, accept=False)
    assert await balance(phone) == 0
    phone.clock.turn(seconds=1)
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/subscribe", **asked)
    assert await balance(phone) == 1
    pushed = (await phone.sandbox.get("/sandbox/pushes"))["pushes"][-1]
    await phone.sandbox.post(f"/sandbox/pushes/{pushed['push']}/replay")
    assert await balance(phone) == 1
    phone.clock.turn(seconds=1)
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/refuse", **asked)
    assert await balance(phone) == 0
    assert await CreditMovement.all().count() == 2


async def test_what_became_of_messages_is_kept_by_their_number(make_phone: MakePhone) -> None:
    phone = await make_phone()
    await phone.bound()
    await phone.follow()
    assert phone.deps.official_account is not None
    sent: dict[str, Any] = {"template_id": PICKUP, "data": PICKUP_DATA}
    template = await phone.deps.official_account.send_template_message(openid=phone.openid, **sent)
    asked = {"appid": phone.deps.settings.miniapp.appid, "template_ids": [PICKUP]}
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/subscribe", **asked)
    message = await phone.deps.mini_program.send_subscribe_message(openid=phone.mini_openid, page="pages/case", **sent)
    await phone.sandbox.post("/sandbox/settle")
    told = {report.provider_id: str(report.outcome) for report in await DeliveryReport.all()}
    assert told == {template.provider_id: "delivered", message.provider_id: "delivered"}


async def test_a_message_to_somebody_who_blocked_the_account_is_told_as_failed(make_phone: MakePhone) -> None:
    phone = await make_phone()
    await phone.follow()
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/block", appid=phone.appid)
    assert phone.deps.official_account is not None
    await phone.deps.official_account.send_template_message(openid=phone.openid, template_id=PICKUP, data=PICKUP_DATA)
    await phone.sandbox.post("/sandbox/settle")
    [report] = await DeliveryReport.all()
    assert (str(report.outcome), report.error) == ("failed", "failed:user block")
