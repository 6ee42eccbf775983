"""Evidence of signatures: everything on record, sealed, in one chain that shows whatever was done to it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from casework.deps import Deps
from casework.sign import read_letter, sign_letter
from casework.verify_letter import verify_chain, verify_letter
from domain.evidence import canonical_evidence
from gateways.seal import PlatformSeal, make_self_signed, verify_seal
from models.letter_edition import LetterEdition
from models.reseal import lifted
from models.signature import EvidenceChain, LetterShowing, Signature
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import Town, key
from tests.casework.way import MINOR, STROKES, gone, set_out

_SIGNERS = 20


async def record_of(number: str) -> tuple[Signature, dict[str, Any]]:
    signature = await Signature.get(case__number=number)
    return signature, json.loads(signature.record)


async def test_the_record_says_who_signed_what_how_and_when(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    town.clock.turn(minutes=2)
    await read_letter(town.deps, way.citizen, way.number, act.nonce)
    town.clock.turn(minutes=1)
    view = await sign_letter(town.deps, way.citizen, way.number, act, key())
    signature, record = await record_of(way.number)
    signed = town.clock.now()
    moments = {"shown_at": 3, "read_at": 1, "signed_at": 0}
    assert {name: record[name] for name in moments} == {
        name: (signed - timedelta(minutes=ago)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        for name, ago in moments.items()
    }
    assert (record["number"], record["case"], record["position"], record["previous"]) == (
        view.number, way.number, 1, None,
    )  # fmt: skip
    assert record["signer"] == {
        "name": "示例甲", "capacity": "applicant", "minor": None, "account": way.citizen.account_id,
        "proven_by": ["wechat_login", "verified_phone"],
    }  # fmt: skip
    assert (record["client"], record["address"]) == ("phone", "127.0.0.1")
    assert (record["read_to_end"], record["information_true"]) == (True, True)
    assert record["letter"]["version"] == "jiangxi-province-wide-id-card-first-v1"
    assert record["letter"]["rule_day"] == town.deps.today().isoformat()
    digest = town.deps.seal.digests["sha256"].hexadecimal
    assert record["letter"]["digest"] == f"sha256:{digest(signature.canonical.encode())}"
    assert record["strokes"] == f"sha256:{digest(canonical_evidence({'strokes': STROKES}))}"
    assert verify_seal(signature.record.encode(), signature.seal.encode(), town.deps.seal.trust)


async def test_a_guardian_signs_as_guardian_with_the_minors_name_on_record(town: Town) -> None:
    way = await gone(town, "signed", MINOR)
    _, record = await record_of(way.number)
    assert (record["signer"]["name"], record["signer"]["capacity"]) == ("示例家长", "guardian")
    assert record["signer"]["minor"] == "示例甲"


async def test_when_the_phone_never_told_of_the_end_the_record_says_so(town: Town) -> None:
    way = await gone(town, "signed")
    assert (await record_of(way.number))[1]["read_at"] is None


async def test_a_reading_belongs_to_a_live_showing_of_the_own_case(town: Town) -> None:
    mine, theirs = await gone(town, "booked"), await gone(town, "booked")
    act = await theirs.signing()
    with refused("letter_not_shown"):
        await read_letter(town.deps, mine.citizen, mine.number, act.nonce)
    with refused("case_not_found"):
        await read_letter(town.deps, mine.citizen, theirs.number, act.nonce)
    town.clock.turn(minutes=30)
    with refused("letter_shown_expired"):
        await read_letter(town.deps, theirs.citizen, theirs.number, act.nonce)


async def test_only_the_first_reading_counts(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    for _ in range(2):
        town.clock.turn(minutes=1)
        await read_letter(town.deps, way.citizen, way.number, act.nonce)
    assert (await LetterShowing.get()).read_at == town.clock.now() - timedelta(minutes=1)


async def test_signatures_at_once_make_one_chain_without_gap(town: Town) -> None:
    """Twenty people sign in the same moment."""
    ways = [await gone(town, "open") for _ in range(_SIGNERS)]
    acts = [(way, await way.signing()) for way in ways]
    verdicts = await at_once(sign_letter(town.deps, way.citizen, way.number, act, key()) for way, act in acts)
    assert verdicts == {DONE: _SIGNERS}
    positions = [signature.position for signature in await Signature.all().order_by("position")]
    assert positions == list(range(1, _SIGNERS + 1))
    verdict = await verify_chain(town.deps)
    assert (verdict.length, verdict.broken_at) == (_SIGNERS, None)


async def test_a_chain_nobody_has_signed_in_holds(town: Town) -> None:
    assert (await verify_chain(town.deps)).length == 0


async def _rewrite(**columns: Any) -> None:
    async with lifted():
        await Signature.filter(position=2).update(**columns)


async def _change_record() -> None:
    await _rewrite(record=(await Signature.get(position=2)).record.replace("示例甲", "示例乙"))


async def _change_facts() -> None:
    await _rewrite(canonical=(await Signature.get(position=2)).canonical.replace("示例甲", "示例乙"))


async def _change_strokes() -> None:
    evidence = (await Signature.get(position=2)).evidence
    await _rewrite(evidence={**evidence, "strokes": evidence["strokes"][:1]})


async def _change_number() -> None:
    await _rewrite(number="CN260918-0000-0000-0000-13")


async def _change_seal() -> None:
    await _rewrite(seal=(await Signature.get(position=1)).seal)


async def _spoil_record() -> None:
    await _rewrite(record="{}")


async def _drop(position: int) -> None:
    await LetterEdition.filter(signature__position=position).delete()
    async with lifted():
        await Signature.filter(position=position).delete()


async def _drop_second() -> None:
    await _drop(2)


async def _drop_last() -> None:
    await _drop(3)


@pytest.mark.parametrize(
    ("harm", "at"),
    [
        (_change_record, 2), (_change_facts, 2), (_change_strokes, 2), (_change_number, 2), (_change_seal, 2),
        (_spoil_record, 2), (_drop_second, 2), (_drop_last, 3),
    ],
)  # fmt: skip
async def test_whatever_is_done_to_a_record_shows(harm: Callable[[], Awaitable[None]], at: int, town: Town) -> None:
    for _ in range(3):
        await gone(town, "signed")
    await harm()
    verdict = await verify_chain(town.deps)
    assert (verdict.broken_at, verdict.length) == (at, at - 1)
    assert verdict.why


async def test_a_changed_record_is_told_to_whoever_verifies_and_nothing_else(town: Town) -> None:
    for _ in range(2):
        await gone(town, "signed")
    await _change_facts()
    found = await verify_letter(town.deps, (await Signature.get(position=2)).number)
    assert (found.genuine, found.signer_masked, found.signed_at, found.digest) == (False, None, None, None)


async def test_a_chain_sealed_by_another_is_not_ours(town: Town) -> None:
    await gone(town, "signed")
    file, _ = make_self_signed("Another", town.clock.now, password=b"p")
    stranger = replace(town.deps, seal=PlatformSeal.open(file, b"p"))
    assert (await verify_chain(stranger)).broken_at == 1


async def test_a_retired_seal_still_vouches_for_its_records(town: Town) -> None:
    await gone(town, "signed")
    file, _ = make_self_signed("The next", town.clock.now, password=b"p")
    heir = replace(town.deps, seal=PlatformSeal.open(file, b"p", retired=town.deps.seal.trust))
    await gone(replace(town, deps=heir), "signed")
    assert (await verify_chain(heir)).length == 2


async def test_the_digest_is_a_setting_and_may_change_along_the_chain(town: Town) -> None:
    await gone(town, "signed")
    sm3 = replace(town.deps, settings=replace(town.deps.settings, evidence_digest="sm3"))
    way = await gone(replace(town, deps=sm3), "signed")
    signature, record = await record_of(way.number)
    assert {told.partition(":")[0] for told in (signature.link, record["letter"]["digest"], record["strokes"])} == {
        "sm3"
    }
    assert record["previous"].startswith("sha256:")
    assert (await verify_chain(sm3)).length == 2
    assert (await verify_letter(sm3, signature.number)).digest_name == "SM3"


class BrokenSeal:
    """A seal whose key went away."""

    def __init__(self, deps: Deps) -> None:
        self._whole = deps.seal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def seal(self, data: bytes) -> bytes:
        raise RuntimeError("the key is gone")


async def test_a_signature_that_fails_half_way_leaves_nothing_at_all(town: Town) -> None:
    way = await gone(town, "booked")
    act, tap = await way.signing(), key()
    with pytest.raises(RuntimeError):
        await sign_letter(replace(town.deps, seal=BrokenSeal(town.deps)), way.citizen, way.number, act, tap)
    assert await Signature.all().count() == 0
    assert (await LetterShowing.get()).used_at is None
    assert await EvidenceChain.filter(position__gt=0).count() == 0
    await sign_letter(town.deps, way.citizen, way.number, act, tap)
    assert (await verify_chain(town.deps)).length == 1


async def test_a_clock_set_back_signs_nothing(town: Town) -> None:
    way = await gone(town, "booked")
    act = await way.signing()
    town.clock.turn(minutes=-5)
    with refused("letter_shown_expired"):
        await sign_letter(town.deps, way.citizen, way.number, act, key())
    assert await Signature.all().count() == 0
    town.clock.turn(minutes=6)
    await sign_letter(town.deps, way.citizen, way.number, act, key())


async def test_a_minor_who_turned_sixteen_signs_in_person(town: Town) -> None:
    """D5, D6: the guardian's right to sign ends with the 16th birthday."""
    sixteen = town.deps.today().replace(year=town.deps.today().year - 16) + timedelta(days=1)
    way = await (await set_out(town, replace(MINOR, birth=sixteen))).until("open")
    act = await way.signing()
    town.clock.turn(days=1)
    fresh = await way.signing()
    for shown in (act, fresh):
        with refused("age_changed"):
            await sign_letter(town.deps, way.citizen, way.number, shown, key())


@pytest.mark.parametrize("absurd", [
    tuple(((0, 0, 0), (1000, 1000, 1)) for _ in range(8)),  # faster than any hand
    (tuple((100 + 60 * n, 200, 500 - n) for n in range(12)),),  # time runs backwards
])  # fmt: skip
async def test_strokes_no_hand_could_write_sign_nothing(absurd: Any, town: Town) -> None:
    way = await gone(town, "booked")
    with refused("strokes_absurd"):
        await sign_letter(town.deps, way.citizen, way.number, await way.signing(strokes=absurd), key())
