"""Opening a case: once, from a fresh declaration, and only where the rules of today allow it."""

from dataclasses import replace
from datetime import date

import pytest

from casework.declare_residence import declare_residence
from casework.open_case import PostAddress, open_case
from casework.pre_register import declare_self, give_consent, privacy_notice
from casework.repeat import once
from casework.track import my_cases
from casework.withdraw import withdraw
from domain.terms import CaseState, DeliveryMode, ProofKind, Whose
from models.case import Case, CaseEvent
from models.notice import Notice
from models.request_key import RequestKey
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import Town, identity_number, key
from tests.casework.way import ACROSS, ADULT, GUANGDONG, MINOR, person, set_out


async def test_a_double_tap_opens_one_case_and_both_taps_get_the_same_answer(town: Town) -> None:
    way = await set_out(town)
    wish, tap = await way.wish(), key()
    answers = set()

    async def press() -> None:
        answers.add((await open_case(town.deps, way.citizen, wish, tap)).number)

    assert await at_once(press() for _ in range(8)) == {DONE: 8}
    assert len(answers) == 1
    assert (await Case.all().count(), await CaseEvent.all().count(), await Notice.all().count()) == (1, 1, 1)


async def test_a_repeat_gets_the_answer_of_then_although_the_case_moved_on(town: Town) -> None:
    way = await set_out(town)
    wish, tap = await way.wish(), key()
    first = await open_case(town.deps, way.citizen, wish, tap)
    way.number = first.number
    await way.book()
    assert await open_case(town.deps, way.citizen, wish, tap) == first


async def test_taps_with_keys_of_their_own_open_one_case_all_the_same(town: Town) -> None:
    way = await set_out(town)
    wish = await way.wish()
    verdicts = await at_once(open_case(town.deps, way.citizen, wish, key()) for _ in range(8))
    assert verdicts == {DONE: 1, "live_case_exists": 7}
    assert await Case.all().count() == 1


async def test_a_second_case_is_refused_with_the_number_of_the_first(town: Town) -> None:
    way = await set_out(town)
    first = await way.open()
    with refused("live_case_exists", number=first.number):
        await open_case(town.deps, way.citizen, await way.wish(), key())


async def test_one_live_case_per_person_holds_across_accounts_and_tells_no_number(town: Town) -> None:
    facts = person(MINOR)
    mother, father = await set_out(town, MINOR, facts=facts), await set_out(town, MINOR, facts=facts)
    await mother.open()
    with refused("live_case_elsewhere") as said:
        await father.open()
    assert said.facts == {}
    assert await my_cases(town.deps, father.citizen) == ()


async def test_two_accounts_at_once_open_one_case_for_one_person(town: Town) -> None:
    facts = person(MINOR)
    ways = [await set_out(town, MINOR, facts=facts) for _ in range(4)]
    wishes = [await way.wish() for way in ways]
    verdicts = await at_once(
        open_case(town.deps, way.citizen, wish, key()) for way, wish in zip(ways, wishes, strict=True)
    )
    assert verdicts == {DONE: 1, "live_case_elsewhere": 3}


async def test_after_an_end_the_person_may_apply_anew(town: Town) -> None:
    way = await set_out(town)
    first = await way.open()
    await withdraw(town.deps, way.citizen, first.number, key())
    assert (await way.open()).number != first.number


async def test_a_key_is_good_for_one_request_only(town: Town) -> None:
    way = await set_out(town)
    wish, tap = await way.wish(), key()
    await open_case(town.deps, way.citizen, wish, tap)
    with refused("idempotency_key_reused"):
        await open_case(town.deps, way.citizen, replace(wish, active_soldier=True), tap)
    with refused("idempotency_key_reused"):
        await withdraw(town.deps, way.citizen, (await my_cases(town.deps, way.citizen))[0].number, tap)


async def test_two_accounts_may_happen_to_use_the_same_key(town: Town) -> None:
    tap = key()
    for way in (await set_out(town), await set_out(town)):
        await open_case(town.deps, way.citizen, await way.wish(), tap)
    assert await Case.all().count() == 2


async def test_a_refused_request_keeps_no_key_and_leaves_nothing_behind(town: Town) -> None:
    way = await set_out(town)
    wish, tap = await way.wish(), key()
    with refused("statement_required"):
        await open_case(town.deps, way.citizen, replace(wish, information_true=False), tap)
    assert await RequestKey.filter(key=tap).count() == 0
    assert await Case.all().count() == 0
    assert (await open_case(town.deps, way.citizen, wish, tap)).state is CaseState.OPEN


async def test_an_act_that_dies_half_way_leaves_neither_effect_nor_key(town: Town) -> None:
    """What a kill between two steps leaves behind is what the transaction leaves behind: all or nothing."""
    way = await set_out(town)
    declaration, tap = await way.declare(), key()

    async def dies() -> str:
        await open_case(town.deps, way.citizen, await way.wish(declaration), key())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await once(town.deps, way.citizen, tap, act="dies", body={}, view=str, do=dies)
    assert await Case.all().count() == 0
    assert await Notice.all().count() == 0
    assert await RequestKey.filter(key=tap).count() == 0


@pytest.mark.parametrize(
    ("wish", "code"),
    [({"never_held_card": False}, "held_card_already"), ({"active_soldier": True}, "active_soldier")],
)
async def test_who_held_a_card_or_serves_is_sent_elsewhere(wish: dict[str, bool], code: str, town: Town) -> None:
    way = await set_out(town)
    with refused(code):
        await open_case(town.deps, way.citizen, await way.wish(**wish), key())


async def test_every_reason_against_is_told_at_once(town: Town) -> None:
    way = await set_out(town)
    with refused("held_card_already") as said:
        await open_case(town.deps, way.citizen, await way.wish(never_held_card=False, active_soldier=True), key())
    assert {reason["code"] for reason in said.facts["reasons"]} == {"held_card_already", "active_soldier"}


async def test_who_lives_where_they_are_registered_needs_no_case_here(town: Town) -> None:
    way = await set_out(town, replace(ADULT, residence="360702", residence_address="江西省赣州市章贡区别处路1号"))
    with refused("same_county"):
        await way.open()


@pytest.mark.parametrize("code", ["36", "360000", "3607"])
async def test_a_place_is_named_down_to_its_county(code: str, town: Town) -> None:
    """A whole province would hide that somebody lives where they are registered (R021)."""
    with refused("place_too_coarse"):
        await declare_self(town.deps, await town.newcomer(), person(ADULT, household_division=code))
    way = await set_out(town)
    with refused("place_too_coarse"):
        await way.declare(division=code)


async def test_a_city_without_counties_is_named_by_itself(town: Town) -> None:
    facts = person(ADULT, household_division="441900", household_address="广东省东莞市东城街道测试路1号")
    assert (await set_out(town, facts=facts)).person_id


async def test_a_declaration_is_good_for_a_month(town: Town) -> None:
    way = await set_out(town)
    declaration = await way.declare()
    town.clock.turn(days=30)
    wish = await way.wish(declaration)
    town.clock.turn(seconds=1)
    with refused("declaration_stale", declared_on=date(2026, 9, 18)):
        await open_case(town.deps, way.citizen, wish, key())
    town.clock.turn(seconds=-1)
    assert (await open_case(town.deps, way.citizen, wish, key())).state is CaseState.OPEN


async def test_another_account_s_declaration_is_as_good_as_none(town: Town) -> None:
    theirs, mine = await set_out(town), await set_out(town)
    with refused("declaration_not_found"):
        await open_case(town.deps, mine.citizen, await mine.wish(await theirs.declare()), key())


async def test_a_case_needs_a_phone_number_to_tell_things_to(town: Town) -> None:
    who = await town.stranger()
    await give_consent(town.deps, who, privacy_notice(town.deps).version)
    way = await set_out(town, citizen=who)
    with refused("phone_required"):
        await way.open()


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (None, "post_address_required"),
        (PostAddress("示例收件人", "13800000002", "深圳市福田区测试路1号"), "post_address_without_province"),
        (PostAddress("示例收件人", "13800000002", "广东省"), "address_not_detailed"),
        (PostAddress("1", "13800000002", "广东省深圳市福田区测试路1号"), "name_malformed"),
        (PostAddress("示例收件人", "0755-1234567", "广东省深圳市福田区测试路1号"), "phone_malformed"),
    ],
    ids=["none", "no province", "too short", "name", "phone"],
)
async def test_a_card_by_post_needs_an_address_a_letter_finds(to: PostAddress | None, code: str, town: Town) -> None:
    way = await set_out(town)
    with refused(code):
        await open_case(town.deps, way.citizen, await way.wish(delivery=DeliveryMode.POST, post_to=to), key())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"proof": None, "proof_of": None}, "proof_required"),
        ({"proof_of": None}, "proof_required"),
        ({"division": "999999"}, "division_unknown"),
        ({"address": "南昌市东湖区测试路2号"}, "address_without_province"),
        ({"address": "广东省广州市天河区测试路2号"}, "address_other_province"),
    ],
)
async def test_a_residence_is_declared_in_full(wrong: dict[str, str | None], code: str, town: Town) -> None:
    way = await set_out(town)
    with refused(code):
        await way.declare(**wrong)


async def test_an_adult_s_tie_is_their_own(town: Town) -> None:
    """R040: of an adult only the applicant's own tie counts; the declaration tells it, the case refuses it."""
    way = await set_out(town)
    declaration = await way.declare(proof_of=Whose.GUARDIAN)
    with refused("proof_not_accepted"):
        await open_case(town.deps, way.citizen, await way.wish(declaration), key())


@pytest.mark.parametrize(
    ("proof", "whose"), [("employment", "guardian"), ("residence", "guardian"), ("schooling", "applicant")]
)
async def test_a_minor_s_tie_is_the_guardian_s_or_the_minor_s_school(proof: str, whose: str, town: Town) -> None:
    way = await set_out(town, MINOR)
    declaration = await way.declare(proof=ProofKind(proof), proof_of=Whose(whose))
    opened = await open_case(town.deps, way.citizen, await way.wish(declaration), key())
    assert opened.is_minor


async def test_in_guangdong_residence_information_stands_for_the_proofs(town: Town) -> None:
    for kind in (GUANGDONG, ACROSS):
        way = await set_out(town, kind)
        with refused("declared_locally_required", where="粤居码"):
            await way.declare(declared_locally=False)


async def test_a_declaration_is_made_once_however_often_it_is_sent(town: Town) -> None:
    way, tap = await set_out(town), key()
    first = await declare_residence(town.deps, way.citizen, way.residence(), tap)
    assert await declare_residence(town.deps, way.citizen, way.residence(), tap) == first


async def test_the_16th_birthday_between_declaring_and_opening_makes_an_adult_s_case_impossible_for_a_guardian(
    town: Town,
) -> None:
    facts = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 20)))
    way = await set_out(town, MINOR, facts=facts)
    declaration = await way.declare()
    town.clock.turn(days=2)
    with refused("ward_is_adult"):
        await open_case(town.deps, way.citizen, await way.wish(declaration), key())


async def test_the_rules_of_the_opening_day_are_kept_with_the_case(town: Town) -> None:
    way = await set_out(town)
    opened = await way.open()
    case = await Case.get(number=opened.number)
    assert case.rule_day == date(2026, 9, 18)
    assert (await CaseEvent.get(case_id=case.id)).rule_day == date(2026, 9, 18)
