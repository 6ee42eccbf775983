"""Seals, certificates and a letter to try them on."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from domain.evidence import PdfProblem
from domain.terms import SignerCapacity
from gateways.pdf_signature import verify_letter_file
from gateways.seal import (
    PlatformSeal,
    SealAlgorithm,
    make_self_signed,
)
from templates.letter_pdf import render_letter_pdf
from templates.letters import letter_text

NOW = datetime(2026, 9, 19, 1, 31, tzinfo=UTC)
PASSWORD = b"a test's own"
EVERY = (SealAlgorithm.ES256, SealAlgorithm.EDDSA, SealAlgorithm.PS256)
RECORD = '{"signer":"张小明"}'.encode()


def made(algorithm: SealAlgorithm = SealAlgorithm.ES256, at: datetime = NOW) -> PlatformSeal:
    file, _ = make_self_signed("通办平台测试印章", lambda: at, password=PASSWORD, algorithm=algorithm)
    return PlatformSeal.open(file, PASSWORD)


_made_once = cache(made)


def seal_of(algorithm: SealAlgorithm = SealAlgorithm.ES256) -> PlatformSeal:
    return _made_once(algorithm)


@cache
def letter() -> bytes:
    text = letter_text("jiangxi-province-wide-id-card-first-v1")
    return render_letter_pdf(
        text, number="TB-1", facts={"申请人": "张小明"}, signer="张小明", capacity=SignerCapacity.APPLICANT,
        signed_at=NOW, digest="ab" * 32, strokes=[[[0, 0, 0], [900, 400, 90]]], verify_text="https://example.cn/v/1",
    ).pdf  # fmt: skip


@cache
def sealed(algorithm: SealAlgorithm = SealAlgorithm.ES256) -> bytes:
    return seal_of(algorithm).sign_pdf(letter(), reason="居民身份证首次申领告知承诺书", at=NOW)


def refused(pdf: bytes, trust: bytes | None = None) -> PdfProblem:
    verdict = verify_letter_file(pdf, trust or seal_of().trust)
    assert not verdict.stands
    (problem,) = verdict.problems
    return problem


def gap(pdf: bytes) -> tuple[int, int]:
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) ", pdf)
    assert found
    return int(found[1]), int(found[2])


def issued(key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey, **usage: bool) -> x509.Certificate:
    no = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    ours, theirs = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("某市局", "某认证机构"))
    return (
        x509.CertificateBuilder()
        .subject_name(ours if key is not issuer else theirs).issuer_name(theirs)
        .public_key(key.public_key()).serial_number(7)
        .not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=365))
        .add_extension(x509.KeyUsage(**{**no, **usage}), critical=True)
        .sign(issuer, hashes.SHA256())
    )  # fmt: skip


def packed(key: pkcs12.PKCS12PrivateKeyTypes | None, certificate: x509.Certificate | None) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, NoEncryption())
