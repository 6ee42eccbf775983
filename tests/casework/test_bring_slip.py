"""The return slip: signed by a station, bound to one case, brought back by its own citizen, once."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from base45 import b45decode
from cwt import COSE, COSEKey

from casework.bring_slip import bring_slip
from casework.deps import Deps
from domain.refusal import Refusal
from domain.return_slip import PREFIX, ReturnSlip, claims_of
from domain.terms import CaseState, KeyAlgorithm, NoticeKind
from gateways.slip_envelope import SlipEnvelope, seal_slip
from gateways.station_signing import make_signing_key
from models.case import CaseEvent
from models.notice import Notice
from models.staff import keep_station_key
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import JX_COUNTER, JX_POLICE, Town
from tests.casework.way import MINOR, Way, gone

PRIVATE, PUBLIC = make_signing_key()
KEY_ID = "jx-counter-1"


@pytest.fixture
async def deps(town: Town) -> Deps:
    await keep_station_key(JX_COUNTER, KEY_ID, KeyAlgorithm.ES256, PUBLIC, town.clock.now())
    town.deps = replace(town.deps, slips=SlipEnvelope())
    return town.deps


def slip(way: Way, **other: object) -> ReturnSlip:
    now = way.deps.clock.now()
    made = ReturnSlip(
        secrets.token_bytes(16), now, now + timedelta(days=30), way.number, way.acceptance_number, way.slip_number,
        "NC-0042", "演示受理点",
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


def text_of(one: ReturnSlip, key_id: str = KEY_ID, private: str = PRIVATE) -> str:
    return seal_slip(claims_of(one), key_id, private.encode())


async def test_a_slip_accepts_the_case_with_both_numbers_and_once(deps: Deps, town: Town) -> None:
    """R143, R145: the same event and the same notice as by every other way."""
    way = await gone(town, "signed")
    text = text_of(slip(way))
    assert len(text) < 420
    case = await bring_slip(deps, way.citizen, way.number, text)
    assert (case.state, case.acceptance_number, case.slip_number) == (
        CaseState.ACCEPTED, way.acceptance_number, way.slip_number,
    )  # fmt: skip
    await bring_slip(deps, way.citizen, way.number, text.lower() + "\n")
    assert await CaseEvent.filter(kind="accepted").count() == 1
    assert await Notice.filter(kind=NoticeKind.ACCEPTED).count() == 1


async def test_a_slip_brought_many_times_at_once_counts_once(deps: Deps, town: Town) -> None:
    way = await gone(town, "signed")
    text = text_of(slip(way))
    assert await at_once(bring_slip(deps, way.citizen, way.number, text) for _ in range(6)) == {DONE: 6}
    assert await CaseEvent.filter(kind="accepted").count() == 1


async def test_somebody_elses_slip_is_refused_wherever_it_is_brought(deps: Deps, town: Town) -> None:
    mine, theirs = await gone(town, "signed"), await gone(town, "signed")
    text = text_of(slip(theirs))
    with refused("return_slip_other_case"):
        await bring_slip(deps, mine.citizen, mine.number, text)
    with refused("case_not_found"):
        await bring_slip(deps, mine.citizen, theirs.number, text)
    assert await CaseEvent.filter(kind="accepted").count() == 0


async def test_what_is_expired_tampered_foreign_or_signed_by_others_is_refused(deps: Deps, town: Town) -> None:
    way = await gone(town, "signed")
    good = text_of(slip(way))
    stranger = make_signing_key()[0]
    await keep_station_key(JX_POLICE, "police", KeyAlgorithm.ES256, PUBLIC, town.clock.now())
    attempts = [
        ("https://example.org/", "return_slip_foreign"),
        ("", "return_slip_foreign"),
        ("TB1:6BF", "return_slip_foreign"),
        ("TR1:" + "A" * 5000, "return_slip_foreign"),
        ("TR1:", "return_slip_damaged"),
        ("TR1:::::", "return_slip_damaged"),
        (good[:-6], "return_slip_damaged"),
        (text_of(slip(way), private=stranger), "return_slip_forged"),
        (text_of(slip(way), "nobody"), "return_slip_station_unknown"),
        (text_of(slip(way), JX_COUNTER), "return_slip_station_unknown"),
        (text_of(slip(way), "police"), "report_not_yours"),
        (text_of(slip(way, expires_at=town.clock.now())), "return_slip_expired"),
        (text_of(slip(way, officer="x" * 41)), "return_slip_newer"),
    ]
    for text, code in attempts:
        with refused(code):
            await bring_slip(deps, way.citizen, way.number, text)
    assert await CaseEvent.filter(kind="accepted").count() == 0


async def test_any_changed_character_shows(deps: Deps, town: Town) -> None:
    way = await gone(town, "signed")
    good = text_of(slip(way))
    codes = {"return_slip_damaged", "return_slip_forged", "return_slip_station_unknown", "return_slip_foreign"}
    for place in range(4, len(good), 7):
        changed = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
        with pytest.raises(Refusal) as caught:
            await bring_slip(deps, way.citizen, way.number, changed)
        assert caught.value.code in codes


async def test_a_minors_slip_states_guardian_and_same_frame(deps: Deps, town: Town) -> None:
    """C6.2, R073."""
    way = await gone(town, "signed", MINOR)
    with refused("report_malformed", field="facts.guardian_present"):
        await bring_slip(deps, way.citizen, way.number, text_of(slip(way)))
    stated = slip(way, guardian_present=True, same_frame_photo=True)
    assert (await bring_slip(deps, way.citizen, way.number, text_of(stated))).state is CaseState.ACCEPTED


def test_a_library_of_others_reads_a_slip() -> None:
    """COSE_Sign1 as RFC 9052 has it: python-cwt verifies it with the public key alone."""
    text = seal_slip({7: bytes(16)}, KEY_ID, PRIVATE.encode())
    key = COSEKey.from_pem(PUBLIC, kid=KEY_ID, alg="ES256")
    assert COSE.new().decode(b45decode(text.removeprefix(PREFIX)), key) == b"\xa1\x07\x50" + bytes(16)
