"""Keys, cases and passes for tests. The keys stand in the repository: they are test keys and open nothing else."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from domain.offline_pass import CaseValue, OfflinePass, claims_of, validity_on
from domain.pass_text import join_text
from gateways.pass_envelope import PassIssuer, PassOpener

SERVICE_DAY = date(2026, 9, 18)
MORNING = datetime(2026, 9, 18, 1, 30, tzinfo=UTC)

MINOR: Mapping[str, CaseValue] = {
    "number": "260914-4839-2017-64",
    "item": "id_card_first_application",
    "scope": "province-wide",
    "reason": "under_16",
    "name": "欧阳㛃𠅤·测试",
    "identity_number": "360102201706121234",
    "sex": "male",
    "birth_date": date(2017, 6, 12),
    "household_division": "360102",
    "household_address": "江西省南昌市东湖区公园街道示范路303号梧桐里小区12幢2单元1103室",
    "collective_household": False,
    "residence_division": "360403",
    "residence_address": "江西省九江市浔阳区示范街道滨江路404号海棠苑小区7栋1单元1503室",
    "declared_locally": False,
    "phone": "13800000001",
    "proof": "employment",
    "proof_of": "guardian",
    "delivery": "station",
    "guardian_name": "测试㐂𠮷",
    "guardian_identity_number": "36010319880612124X",
    "guardian_relation": "mother",
    "guardianship": "further_proof",
    "materials": (
        "household_booklet", "birth_certificate", "marriage_or_adoption_certificate", "guardian_id_card", "tie_proof",
    ),
    "who_must_come": ("applicant", "guardian"),
    "letter": "signed",
    "letter_number": "CN-4839-2017-6412",
    "letter_digest": hashlib.sha256(b"a letter").hexdigest(),
    "letter_signed_at": datetime(2026, 9, 14, 3, 4, 5, tzinfo=UTC),
    "visit_starts_at": datetime(2026, 9, 18, 7, 0, tzinfo=UTC),
    "visit_ends_at": datetime(2026, 9, 18, 7, 30, tzinfo=UTC),
}  # fmt: skip
ADULT: Mapping[str, CaseValue] = {
    "number": "260914-0000-0001-63",
    "item": "id_card_first_application",
    "scope": "cross-province",
    "reason": "over_16",
    "name": "测试甲",
    "identity_number": "440106200701011239",
    "letter": "on_paper",
    "materials": ("household_booklet",),
    "who_must_come": ("applicant",),
}


def es256_key(seed: int = 1) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(seed, ec.SECP256R1())


def eddsa_key(seed: int = 1) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def station_key(seed: int = 1) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


ISSUER = PassIssuer(es256_key(), public_pem(es256_key().public_key()))
STATION = station_key()


def a_pass(case: Mapping[str, CaseValue] = MINOR, **other: Any) -> OfflinePass:
    valid_from, expires_at = validity_on(SERVICE_DAY)
    issued = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)
    return replace(OfflinePass(b"\x07" * 16, "tongban", "T-JJ", issued, valid_from, expires_at, case), **other)


def a_text(one: OfflinePass | None = None, *, issuer: PassIssuer = ISSUER, to: X25519PrivateKey = STATION) -> str:
    return issuer.issue(claims_of(one or a_pass()), to.public_key().public_bytes_raw())


def an_opener(*stations: X25519PrivateKey, issuers: tuple[PassIssuer, ...] = (ISSUER,)) -> PassOpener:
    return PassOpener(stations or (STATION,), [issuer.public_key for issuer in issuers])


def body_of(text: str) -> str:
    return join_text([text])
