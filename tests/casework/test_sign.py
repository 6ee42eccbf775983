"""The commitment letter: what was shown is what is signed, by the right person, once."""

from dataclasses import replace
from typing import Any

import pytest

from casework.sign import show_letter, sign_letter, signed_letter
from casework.track import my_case
from domain.commitment import digest
from domain.terms import CaseState, SignatureMethod, SignerCapacity
from models.case import Case
from models.person import Person
from models.signature import Signature
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import Town, key
from tests.casework.way import ACROSS, ADULT, FROM_HUNAN, GUANGDONG, MINOR, STROKES, Kind, gone, set_out

_TAP = (((500, 500, 0),),)
_DOT = tuple((((500 + n, 500, n)),) for n in range(20))
_FLOOD = tuple(tuple((x % 1000, y, x) for x in range(1000)) for y in range(21))


async def test_a_signature_holds_letter_facts_signer_and_time(town: Town) -> None:
    way = await gone(town, "signed")
    signature, letter = await Signature.get(), (await my_case(town.deps, way.citizen, way.number)).letter
    assert signature.digest == digest(signature.canonical.encode())
    assert (signature.method, signature.capacity) == (SignatureMethod.PHONE, SignerCapacity.APPLICANT)
    assert (letter.standing, letter.version, letter.signed_at) == ("signed", signature.version, signature.signed_at)
    assert signature.evidence["proven_by"] == ["wechat_login", "verified_phone"]
    assert signature.evidence["strokes"] == [[list(point) for point in stroke] for stroke in STROKES]


@pytest.mark.parametrize("fact", ["name", "identity_number", "household_address", "residence_address", "phone"])
async def test_what_is_signed_names_every_fact(fact: str, town: Town) -> None:
    way = await gone(town, "signed")
    case, signature = await Case.get(number=way.number), await Signature.get()
    assert case.form[fact] in signature.canonical
    assert way.number in signature.canonical


async def test_what_a_guardian_signs_names_guardian_and_minor(town: Town) -> None:
    way = await gone(town, "booked", MINOR)
    shown = await show_letter(town.deps, way.citizen, way.number)
    assert (shown.capacity, shown.signer_name) == (SignerCapacity.GUARDIAN, "示例家长")
    assert any("同框" in notice for notice in shown.notices)
    await way.sign()
    signature, guardian = await Signature.get(), await Person.get(is_self=True)
    for fact in ("示例甲", way.identity_number, guardian.name, guardian.identity_number, "母亲"):
        assert fact in signature.canonical
    html = await signed_letter(town.deps, way.citizen, way.number)
    assert "监护人" in html
    assert "示例甲" in html


async def test_every_fact_changes_the_digest(town: Town) -> None:
    """So that a signature can never stand for other facts (C6.10)."""
    digests = set()
    for kind in (ADULT, replace(ADULT, residence_address="江西省南昌市东湖区测试路2号203室"), MINOR):
        way = await gone(town, "booked", kind)
        digests.add((await show_letter(town.deps, way.citizen, way.number)).digest)
    assert len(digests) == 3


async def test_a_letter_is_shown_the_same_until_it_is_signed(town: Town) -> None:
    way = await gone(town, "booked")
    first, second = [await show_letter(town.deps, way.citizen, way.number) for _ in range(2)]
    assert first.digest == second.digest
    assert first.nonce != second.nonce


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"nonce": "made up"}, "letter_not_shown"),
        ({"nonce": ""}, "letter_not_shown"),
        ({"digest": "0" * 64}, "letter_changed"),
        ({"read_to_end": False}, "letter_not_read"),
        ({"information_true": False}, "statement_required"),
        ({"strokes": ()}, "strokes_empty"),
        ({"strokes": ((),)}, "strokes_empty"),
        ({"strokes": _TAP}, "strokes_empty"),
        ({"strokes": _DOT}, "strokes_empty"),
        ({"strokes": _FLOOD}, "strokes_too_large"),
    ],
    ids=["nonce", "no nonce", "digest", "unread", "untrue", "no strokes", "empty stroke", "tap", "dot", "flood"],
)
async def test_a_signature_that_is_not_meant_is_refused(wrong: dict[str, Any], code: str, town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing(**wrong)
    with refused(code):
        await sign_letter(town.deps, way.citizen, way.number, act, key())
    assert await Signature.all().count() == 0


async def test_a_refused_signature_may_be_made_good_with_the_same_showing(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    with refused("letter_not_read"):
        await sign_letter(town.deps, way.citizen, way.number, replace(act, read_to_end=False), key())
    await sign_letter(town.deps, way.citizen, way.number, act, key())


async def test_what_was_shown_can_be_signed_for_half_an_hour(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    town.clock.turn(minutes=30)
    with refused("letter_shown_expired"):
        await sign_letter(town.deps, way.citizen, way.number, act, key())
    town.clock.turn(seconds=-1)
    await sign_letter(town.deps, way.citizen, way.number, act, key())


async def test_a_showing_of_another_case_signs_nothing_here(town: Town) -> None:
    mine, theirs = await gone(town, "booked"), await gone(town, "booked")
    act = await theirs.signing()
    with refused("letter_not_shown"):
        await sign_letter(town.deps, mine.citizen, mine.number, act, key())
    with refused("case_not_found"):
        await sign_letter(town.deps, mine.citizen, theirs.number, act, key())


async def test_a_digest_of_another_case_is_not_what_was_shown_here(town: Town) -> None:
    mine, theirs = await gone(town, "booked"), await gone(town, "booked")
    act = await mine.signing(digest=(await theirs.signing()).digest)
    with refused("letter_changed"):
        await sign_letter(town.deps, mine.citizen, mine.number, act, key())


async def test_a_nonce_is_used_once(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    verdicts = await at_once(sign_letter(town.deps, way.citizen, way.number, act, key()) for _ in range(6))
    assert verdicts[DONE] == 1
    assert await Signature.all().count() == 1
    with refused("letter_already_signed"):
        await sign_letter(town.deps, way.citizen, way.number, act, key())


async def test_a_letter_shown_twice_is_signed_once(town: Town) -> None:
    way = await gone(town, "booked")
    acts = [await way.signing() for _ in range(4)]
    verdicts = await at_once(sign_letter(town.deps, way.citizen, way.number, act, key()) for act in acts)
    assert verdicts == {DONE: 1, "letter_already_signed": 3}
    assert await Signature.all().count() == 1


async def test_a_repeat_from_another_network_gets_the_same_signature(town: Town) -> None:
    way, tap = await gone(town, "booked"), key()
    act = await way.signing()
    first = await sign_letter(town.deps, way.citizen, way.number, act, tap)
    again = await sign_letter(town.deps, way.citizen, way.number, replace(act, address="127.0.0.2"), tap)
    assert again == first


async def test_a_signed_letter_is_not_shown_again_for_signing(town: Town) -> None:
    way = await gone(town, "signed")
    with refused("letter_already_signed"):
        await show_letter(town.deps, way.citizen, way.number)


async def test_moving_the_booking_does_not_un_sign_the_letter(town: Town) -> None:
    way = await gone(town, "signed")
    await way.book()
    assert (await my_case(town.deps, way.citizen, way.number)).letter.standing == "signed"


async def test_nothing_is_signed_after_acceptance(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    for step in (way.sign, way.check_in, way.confirm, way.accept):
        await step()
    with refused("case_not_open", state=CaseState.ACCEPTED):
        await sign_letter(town.deps, way.citizen, way.number, act, key())
    with refused("case_not_open"):
        await show_letter(town.deps, way.citizen, way.number)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(GUANGDONG, "letter_not_required"), (ACROSS, "letter_on_paper"), (FROM_HUNAN, "letter_on_paper")],
    ids=["guangdong", "to guangdong", "to jiangxi"],
)
async def test_only_a_published_letter_is_signed_on_the_phone(kind: Kind, code: str, town: Town) -> None:
    """R060: none within Guangdong. D1: across provinces no source gives the text, so it is signed on paper."""
    way = await gone(town, "booked", kind)
    assert (await my_case(town.deps, way.citizen, way.number)).missing == ()
    with refused(code):
        await show_letter(town.deps, way.citizen, way.number)


async def test_there_is_no_signed_letter_to_read_before_it_is_signed(town: Town) -> None:
    way = await gone(town, "booked")
    with refused("letter_not_signed"):
        await signed_letter(town.deps, way.citizen, way.number)


async def test_another_account_reads_no_signed_letter(town: Town) -> None:
    theirs, mine = await gone(town, "signed"), await set_out(town)
    with refused("case_not_found"):
        await signed_letter(town.deps, mine.citizen, theirs.number)
