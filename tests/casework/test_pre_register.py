"""Who applies: nothing before consent, and only what could be true."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from casework.callers import Citizen
from casework.chat import binding_code
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.message_consents import allow_messages
from casework.open_case import CaseWish, open_case
from casework.pre_register import (
    add_ward,
    correct_ward,
    declare_self,
    give_consent,
    privacy_notice,
    profile,
    verify_phone,
)
from casework.withdraw import withdraw
from domain.terms import DeliveryMode, GuardianRelation, GuardianshipCase
from models.account import Account
from models.person import Person
from tests.casework.refused import refused
from tests.casework.town import ITEM, Town, identity_number, key
from tests.casework.way import ADULT, MINOR, person, set_out

_RESIDENCE = ResidenceFacts(1, ITEM, "360102", "江西省南昌市东湖区测试路1号", None, None, declared_locally=False)
_WISH = CaseWish(1, ITEM, DeliveryMode.STATION, None, never_held_card=True, active_soldier=False, information_true=True)
PERSONAL: dict[str, Callable[[Deps, Citizen], Awaitable[Any]]] = {
    "phone": lambda deps, who: verify_phone(deps, who, "code"),
    "real name": lambda deps, who: declare_self(deps, who, person(ADULT)),
    "ward": lambda deps, who: add_ward(
        deps, who, person(MINOR), GuardianRelation.MOTHER, GuardianshipCase.SAME_HOUSEHOLD
    ),
    "residence": lambda deps, who: declare_residence(deps, who, _RESIDENCE, key()),
    "case": lambda deps, who: open_case(deps, who, _WISH, key()),
    "chat": binding_code,
}


@pytest.mark.parametrize("what", PERSONAL)
async def test_nothing_personal_is_taken_before_consent(what: str, town: Town) -> None:
    stranger = await town.stranger()
    with refused("consent_required"):
        await PERSONAL[what](town.deps, stranger)
    assert (await Account.get(id=stranger.account_id)).phone is None
    assert await Person.all().count() == 0


async def test_consent_to_another_version_of_the_notice_does_not_count(town: Town) -> None:
    stranger = await town.stranger()
    with refused("consent_version_old"):
        await give_consent(town.deps, stranger, "1999-01")
    with refused("consent_required"):
        await verify_phone(town.deps, stranger, "code")


async def test_the_profile_says_what_is_still_missing(town: Town) -> None:
    who = await town.stranger()
    assert (await profile(town.deps, who)).missing == ("consent", "real_name", "phone")
    await give_consent(town.deps, who, privacy_notice(town.deps).version)
    await verify_phone(town.deps, who, "code")
    assert (await profile(town.deps, who)).missing == ("real_name",)
    await declare_self(town.deps, who, person(ADULT))
    assert (await profile(town.deps, who)).missing == ()


WRONG_NUMBERS = {
    "44052418800101001X": "identity_number_check_digit",
    "110105194912310021": "identity_number_check_digit",
    "360702200702301234": "identity_number_birth_date",  # 30 February
    "360702202709181238": "identity_number_birth_date",  # not born yet
    "360702170003051234": "identity_number_birth_date",  # three hundred years old
    "36070220070305123": "identity_number_malformed",
    "3607022007030512345": "identity_number_malformed",
    "X60702200703051234": "identity_number_malformed",
    "": "identity_number_malformed",
    "号码号码号码号码号码号码号码号码号码": "identity_number_malformed",
}


@pytest.mark.parametrize(("number", "code"), WRONG_NUMBERS.items())
async def test_a_number_that_cannot_be_is_refused_and_nothing_is_kept(number: str, code: str, town: Town) -> None:
    who = await town.newcomer()
    with refused(code):
        await declare_self(town.deps, who, person(ADULT, identity_number=number))
    assert await Person.all().count() == 0


async def test_a_number_is_taken_as_people_type_it(town: Town) -> None:
    who = await town.newcomer()
    await declare_self(town.deps, who, person(ADULT, identity_number="１１０１０５ 19491231 ００２x"))
    assert (await Person.get(is_self=True)).identity_number == "11010519491231002X"


@pytest.mark.parametrize("division", ["999999", "36070", "", "三六〇七", "36070２Ａ", "0"])
async def test_an_unknown_division_is_refused(division: str, town: Town) -> None:
    with refused("division_unknown"):
        await declare_self(town.deps, await town.newcomer(), person(ADULT, household_division=division))


WRONG_ADDRESSES = {
    "赣州市章贡区测试路1号": "address_without_province",
    "章贡区测试路1号": "address_without_province",
    "测试路1号101室": "address_without_province",
    "广东省赣州市章贡区测试路1号": "address_other_province",
    "江西省": "address_not_detailed",
    "   ": "address_missing",
    "江西省" + "长" * 300: "address_too_long",
}


@pytest.mark.parametrize(("address", "code"), WRONG_ADDRESSES.items())
async def test_a_household_address_says_its_province_first(address: str, code: str, town: Town) -> None:
    with refused(code):
        await declare_self(town.deps, await town.newcomer(), person(ADULT, household_address=address))


@pytest.mark.parametrize("name", ["", "甲", "示例1", "<script>", "示 例 甲乙" * 30, "示例\u202e甲\U0001f600"])
async def test_a_name_is_made_of_characters_a_register_holds(name: str, town: Town) -> None:
    with refused("name_malformed"):
        await declare_self(town.deps, await town.newcomer(), person(ADULT, name=name))


async def test_a_holder_under_16_does_not_apply_alone(town: Town) -> None:
    who = await town.newcomer()
    town.clock.set(date(2026, 9, 17), 23, 59)
    born = person(ADULT, identity_number=identity_number("360702", date(2010, 9, 18)))
    with refused("guardian_must_apply"):
        await declare_self(town.deps, who, born)
    town.clock.set(date(2026, 9, 18), 0, 0)
    assert (await declare_self(town.deps, who, born)).persons[0].age == 16


async def test_declaring_oneself_again_changes_nothing(town: Town) -> None:
    who, facts = await town.newcomer(), person(ADULT)
    first = await declare_self(town.deps, who, facts)
    assert await declare_self(town.deps, who, facts) == first


async def test_what_was_declared_wrongly_can_be_corrected_until_a_case_rests_on_it(town: Town) -> None:
    way = await set_out(town, ADULT)
    right = person(ADULT, name="示例乙")
    assert [p.name for p in (await declare_self(town.deps, way.citizen, right)).persons] == ["示例乙"]
    await way.open()
    with refused("person_in_use"):
        await declare_self(town.deps, way.citizen, person(ADULT))
    await withdraw(town.deps, way.citizen, way.number, key())
    assert [p.name for p in (await declare_self(town.deps, way.citizen, person(ADULT))).persons] == ["示例甲"]


async def test_a_ward_s_number_is_not_the_holder_s_own(town: Town) -> None:
    way = await set_out(town, MINOR)
    grown = person(MINOR, identity_number=way.identity_number)
    town.clock.set(date(2035, 9, 18))
    with refused("person_declared_already"):
        await declare_self(town.deps, way.citizen, grown)


async def test_a_correction_of_a_ward_is_the_guardian_s_and_touches_no_other_person(town: Town) -> None:
    mine, theirs = await set_out(town, MINOR), await set_out(town, MINOR)
    facts, relation, shown_by = person(MINOR, name="示例丙"), GuardianRelation.FATHER, GuardianshipCase.FURTHER_PROOF
    corrected = await correct_ward(town.deps, mine.citizen, mine.person_id, facts, relation, shown_by)
    assert (corrected.name, corrected.relation, corrected.guardianship) == ("示例丙", relation, shown_by)
    own = (await profile(town.deps, mine.citizen)).persons[0]
    for person_id in (theirs.person_id, own.id):
        with refused("person_not_yours"):
            await correct_ward(town.deps, mine.citizen, person_id, facts, relation, shown_by)
    await mine.open()
    with refused("person_in_use"):
        await correct_ward(town.deps, mine.citizen, mine.person_id, person(MINOR), relation, shown_by)


@pytest.mark.parametrize(
    ("born", "code"),
    [(date(2008, 9, 19), "guardian_must_be_adult"), (date(2008, 9, 18), None)],
    ids=["the day before 18", "18 today"],
)
async def test_a_guardian_is_of_age(born: date, code: str | None, town: Town) -> None:
    who = await town.newcomer()
    await declare_self(town.deps, who, person(ADULT, identity_number=identity_number("360702", born)))
    adding = add_ward(town.deps, who, person(MINOR), GuardianRelation.OTHER, GuardianshipCase.DECIDED_AT_COUNTER)
    if code is None:
        assert (await adding).age == 9
        return
    with refused(code):
        await adding


async def test_a_ward_is_under_16(town: Town) -> None:
    way = await set_out(town, ADULT)
    grown = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 18)))
    with refused("ward_is_adult"):
        await add_ward(town.deps, way.citizen, grown, GuardianRelation.FATHER, GuardianshipCase.SAME_HOUSEHOLD)


async def test_a_guardian_says_first_who_they_are(town: Town) -> None:
    with refused("real_name_required"):
        await add_ward(
            town.deps, await town.newcomer(), person(MINOR), GuardianRelation.FATHER, GuardianshipCase.SAME_HOUSEHOLD
        )


async def test_another_account_s_people_are_as_good_as_none(town: Town) -> None:
    theirs, mine = await set_out(town, ADULT), await set_out(town, ADULT)
    stolen = replace(mine, person_id=theirs.person_id)
    with refused("person_not_yours"):
        await stolen.declare()


async def test_consents_to_messages_are_for_templates_we_have(town: Town) -> None:
    with refused("message_template_unknown"):
        await allow_messages(town.deps, await town.newcomer(), ["ready_for_pickup", "lottery"])
