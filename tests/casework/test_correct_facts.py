"""Before the counter a citizen corrects the form; what was signed before no longer holds (T07)."""

from typing import Any

import pytest

from casework.correct_facts import Correction, correct_facts
from casework.hand_off import redeem_code
from casework.pre_register import verify_phone
from casework.track import my_case
from casework.verify_letter import verify_chain, verify_letter
from casework.views import CaseView
from domain.terms import CaseEventKind, ProofKind
from models.case import Case, CaseEvent
from models.signature import Signature
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import Town, key
from tests.casework.way import ADULT, Way, gone

MOVED = "江西省南昌市东湖区更正路9号"
NEW_PHONE = "13800000009"


async def correct(way: Way, **wish: Any) -> CaseView:
    return await correct_facts(way.deps, way.citizen, way.number, Correction(**wish), key())


async def test_a_corrected_fact_asks_for_a_new_signature_and_keeps_the_old_record(town: Town) -> None:
    way = await gone(town, "signed")
    before = await Signature.get()
    case = await correct(way, residence_address=MOVED)
    assert (case.letter.standing, case.letter.sign_again, case.missing) == ("to_sign", True, ("letter_signature",))
    assert "重新阅读并签署" in case.next_step
    assert (await verify_letter(town.deps, before.number)).in_force is False
    await way.sign()
    after = await my_case(town.deps, way.citizen, way.number)
    assert (after.letter.standing, after.letter.sign_again) == ("signed", False)
    assert after.letter.number != before.number
    kept = await Signature.get(number=before.number)
    assert (kept.canonical, kept.record) == (before.canonical, before.record)
    assert (await verify_letter(town.deps, before.number)).genuine
    assert (await verify_chain(town.deps)).length == 2


async def test_going_back_to_the_old_facts_does_not_bring_the_old_signature_back(town: Town) -> None:
    way = await gone(town, "signed")
    await correct(way, residence_address=MOVED)
    await way.sign()
    case = await correct(way, residence_address=ADULT.residence_address)
    assert case.letter.standing == "to_sign"


async def test_a_fact_that_is_not_in_the_letter_leaves_the_signature(town: Town) -> None:
    way = await gone(town, "signed")
    case = await correct(way, proof=ProofKind.RESIDENCE)
    assert case.letter.standing == "signed"
    assert (await Case.get()).form["proof"] == "residence"


async def test_the_event_names_the_fields_and_no_value(town: Town) -> None:
    way = await gone(town, "signed")
    await correct(way, residence_address=MOVED)
    event = await CaseEvent.get(kind=CaseEventKind.FACTS_CORRECTED)
    assert event.facts == {"fields": ["residence_address"], "signature_void": True}


async def test_a_code_for_the_counter_goes_with_the_signature(town: Town) -> None:
    way = await gone(town, "signed")
    code = await way.code()
    await correct(way, residence_address=MOVED)
    with refused("code_revoked"):
        await redeem_code(town.deps, await town.clerk(), code)


async def test_a_new_phone_is_one_the_account_verified(town: Town) -> None:
    way = await gone(town, "booked")
    with refused("phone_not_verified"):
        await correct(way, phone=NEW_PHONE)
    town.wechat.phones["another"] = NEW_PHONE
    await verify_phone(town.deps, way.citizen, "another")
    await correct(way, phone=NEW_PHONE)
    assert (await Case.get()).form["phone"] == NEW_PHONE


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({}, "facts_unchanged"),
        ({"residence_address": ADULT.residence_address}, "facts_unchanged"),
        ({"residence_address": "广东省深圳市福田区测试路6号606室"}, "address_other_province"),
        ({"household_address": "江西省"}, "address_not_detailed"),
        ({"phone": "12345"}, "phone_malformed"),
    ],
)
async def test_what_cannot_stand_changes_nothing(wish: dict[str, Any], code: str, town: Town) -> None:
    way = await gone(town, "signed")
    before = (await Case.get()).form
    with refused(code):
        await correct(way, **wish)
    assert (await Case.get()).form == before
    assert (await my_case(town.deps, way.citizen, way.number)).letter.standing == "signed"


async def test_once_the_person_stands_at_the_counter_the_clerk_corrects(town: Town) -> None:
    way = await gone(town, "checked_in")
    with refused("facts_fixed_at_counter"):
        await correct(way, residence_address=MOVED)
    await way.confirm()
    await way.accept()
    with refused("case_not_open"):
        await correct(way, residence_address=MOVED)


async def test_another_account_corrects_nothing(town: Town) -> None:
    theirs, mine = await gone(town, "open"), await gone(town, "open")
    with refused("case_not_found"):
        await correct_facts(town.deps, mine.citizen, theirs.number, Correction(residence_address=MOVED), key())


async def test_signing_and_correcting_at_once_never_leave_a_signature_over_old_facts(town: Town) -> None:
    way = await gone(town, "booked")
    verdicts = await at_once([way.sign(), correct(way, residence_address=MOVED)])
    assert verdicts[DONE] >= 1
    case = await my_case(town.deps, way.citizen, way.number)
    newest = await Signature.all().order_by("-id").first()
    over_new = newest is not None and MOVED in newest.canonical
    assert (case.letter.standing == "signed") == over_new
