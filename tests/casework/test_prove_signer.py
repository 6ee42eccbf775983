"""A signer proven by a face check or a certificate: asked from the provider over HTTP, the phone never believed."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from casework.deps import Deps
from casework.prove_signer import SignerProof
from casework.sign import sign_letter
from domain.terms import SignatureLevel, SignerCheckKind
from gateways.http import open_session
from gateways.sandbox.signer_check import PROVIDER, PassedCheck, Provider, make_signer_check_sandbox
from gateways.signer_check import SignerCheckClient
from models.case import Case
from models.request_key import RequestKey
from models.signature import Signature
from tests.casework.refused import refused
from tests.casework.town import Town, key
from tests.casework.way import ADULT, MINOR, Way, gone

FACE, CERTIFICATE = SignerCheckKind.FACE, SignerCheckKind.CERTIFICATE


@dataclass
class Checked:
    """A town where a provider checks signers."""

    town: Town
    deps: Deps
    provider: Provider

    async def token(self, way: Way, kind: SignerCheckKind, **other: str) -> SignerProof:
        """The signer of this case passes a check on the phone."""
        form = (await Case.get(number=way.number)).form
        signer = form.get("guardian") or form
        told = {"name": signer["name"], "identity_number": signer["identity_number"], **other}
        token = f"token-{len(self.provider.passed)}"
        self.provider.passed[token] = PassedCheck(kind=kind, **told)
        return SignerProof(kind, token)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
async def checked(town: Town, session: ClientSession, aiohttp_server: Callable[..., Awaitable[TestServer]]) -> Checked:
    app = make_signer_check_sandbox(clock=town.clock.now, account="tongban", secret="check-secret")
    server = await aiohttp_server(app)
    client = SignerCheckClient(
        session, url=str(server.make_url("/signer-check")), account="tongban", secret="check-secret",
        clock=town.clock.now,
    )  # fmt: skip
    return Checked(town, replace(town.deps, signer_check=client), app[PROVIDER])


async def test_a_guardian_is_proven_by_face_and_the_record_says_so(checked: Checked) -> None:
    way = await gone(checked.town, "booked", MINOR)
    proof = await checked.token(way, FACE)
    view = await sign_letter(checked.deps, way.citizen, way.number, await way.signing(proof=proof), key())
    signature = await Signature.get()
    signer = json.loads(signature.record)["signer"]
    assert view.level is SignatureLevel.FACE
    assert signer["proven_by"] == signature.evidence["proven_by"] == ["wechat_login", "verified_phone", "face"]
    assert signer["check"] == f"check-{proof.token}"


async def test_a_certificate_proves_a_first_applicant_too(checked: Checked) -> None:
    way = await gone(checked.town, "booked", ADULT)
    act = await way.signing(proof=await checked.token(way, CERTIFICATE))
    assert (await sign_letter(checked.deps, way.citizen, way.number, act, key())).level is SignatureLevel.CERTIFICATE


async def test_who_applies_for_the_first_card_is_not_asked_for_a_face(checked: Checked) -> None:
    """B70: the face is compared with a card, and there is none yet."""
    way = await gone(checked.town, "booked", ADULT)
    act = await way.signing(proof=await checked.token(way, FACE))
    with refused("signer_check_needs_card"):
        await sign_letter(checked.deps, way.citizen, way.number, act, key())
    assert checked.provider.asked == 0
    plain = replace(act, proof=None)
    assert (await sign_letter(checked.deps, way.citizen, way.number, plain, key())).level is SignatureLevel.PHONE


async def test_a_check_of_another_person_kind_or_letter_proves_nothing(checked: Checked) -> None:
    way, other = [await gone(checked.town, "booked", MINOR) for _ in range(2)]
    used = await checked.token(other, FACE)
    await sign_letter(checked.deps, other.citizen, other.number, await other.signing(proof=used), key())
    act = await way.signing()
    for proof in (
        await checked.token(way, FACE, name="示例他人"),
        replace(await checked.token(way, FACE), kind=CERTIFICATE),
        SignerProof(FACE, "made-up"),
        used,
    ):
        with refused("signer_check_failed"):
            await sign_letter(checked.deps, way.citizen, way.number, replace(act, proof=proof), key())
    assert await Signature.filter(case__number=way.number).count() == 0
    await sign_letter(checked.deps, way.citizen, way.number, act, key())


async def test_where_nobody_offers_a_check_the_phone_alone_still_signs(town: Town) -> None:
    way = await gone(town, "booked", MINOR)
    act = await way.signing(proof=SignerProof(FACE, "any"))
    with refused("signer_check_unavailable"):
        await sign_letter(town.deps, way.citizen, way.number, act, key())
    await sign_letter(town.deps, way.citizen, way.number, replace(act, proof=None), key())


async def test_a_repeated_request_asks_the_provider_once(checked: Checked) -> None:
    way, tap = await gone(checked.town, "booked", MINOR), key()
    act = await way.signing(proof=await checked.token(way, FACE))
    first = await sign_letter(checked.deps, way.citizen, way.number, act, tap)
    assert await sign_letter(checked.deps, way.citizen, way.number, act, tap) == first
    assert checked.provider.asked == 1
    with refused("idempotency_key_reused"):
        await sign_letter(checked.deps, way.citizen, way.number, replace(act, proof=None), tap)


async def test_what_is_not_meant_costs_no_question_and_a_failed_check_keeps_no_key(checked: Checked) -> None:
    way, tap = await gone(checked.town, "booked", MINOR), key()
    act = await way.signing(proof=await checked.token(way, FACE))
    kept = await RequestKey.all().count()
    with refused("letter_not_read"):
        await sign_letter(checked.deps, way.citizen, way.number, replace(act, read_to_end=False), tap)
    with refused("letter_changed"):
        await sign_letter(checked.deps, way.citizen, way.number, replace(act, digest="0" * 64), tap)
    assert await RequestKey.all().count() == kept


async def test_another_persons_case_is_not_checked(checked: Checked) -> None:
    mine, theirs = [await gone(checked.town, "booked", MINOR) for _ in range(2)]
    act = await mine.signing(proof=await checked.token(theirs, FACE))
    with refused("case_not_found"):
        await sign_letter(checked.deps, mine.citizen, theirs.number, act, key())
    assert checked.provider.asked == 0
