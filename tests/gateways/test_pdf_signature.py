"""The platform's seal over the letter's PDF: others accept it, and a changed byte anywhere shows."""

import shutil
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from domain.evidence import PdfProblem, PdfVerdict
from gateways.pdf_signature import LARGEST_PDF, _pyhanko_signer, sign_pdf, verify_letter_file
from gateways.seal import (
    PlatformSeal,
    SealAlgorithm,
    SealUnusableError,
)
from tests.gateways.seals import EVERY, NOW, gap, issued, letter, made, packed, refused, seal_of, sealed


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_sealed_letter_is_genuine_and_says_who_sealed_it_and_when(algorithm: SealAlgorithm) -> None:
    assert seal_of(algorithm).verify_pdf(sealed(algorithm)) == PdfVerdict(
        genuine=True, unaltered=True, signer="通办平台测试印章", signed_at=NOW
    )


def test_sealing_appends_and_leaves_the_archive_file_as_it_was() -> None:
    pdf, added = sealed(), sealed()[len(letter()) :]
    assert pdf.startswith(letter())
    assert b"/Metadata" in added  # the catalogue still names the metadata
    assert b"<x:xmpmeta" not in added
    assert b"/ModDate" not in added
    assert b"/Version" not in added  # PDF/A-2 stands on PDF 1.7
    assert b"/SubFilter /ETSI.CAdES.detached" in added
    assert b"/T (TongbanSeal)" in added


def test_pyhanko_s_own_validator_accepts_the_seal_as_pades() -> None:
    (signature,) = PdfFileReader(BytesIO(sealed())).embedded_signatures
    der = x509.load_pem_x509_certificate(seal_of().trust).public_bytes(Encoding.DER)
    context = ValidationContext(trust_roots=[asn1_x509.Certificate.load(der)], allow_fetching=False, moment=NOW)
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    names = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    assert names == {"content_type", "message_digest", "signing_certificate_v2"}  # B-B: no signing-time (EN 319 142-1)


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="needs poppler-utils")
@pytest.mark.parametrize("algorithm", [SealAlgorithm.ES256, SealAlgorithm.PS256])
def test_pdfsig_accepts_the_seal_and_sees_a_changed_byte(algorithm: SealAlgorithm, tmp_path: Path) -> None:
    changed = bytearray(sealed(algorithm))
    changed[1000] ^= 1
    for name, pdf, says in (
        ("whole", sealed(algorithm), "Signature is Valid."),
        ("changed", bytes(changed), "Digest Mismatch."),
    ):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(pdf)
        said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
        assert f"Signature Validation: {says}" in said
        assert "Total document signed" in said


def test_a_changed_byte_anywhere_in_the_content_shows() -> None:
    pdf, (start, end) = sealed(), gap(sealed())
    assert seal_of().verify_pdf(pdf).stands
    for position in (*range(0, start, start // 60), *range(end, len(pdf), 7)):
        changed = bytearray(pdf)
        changed[position] ^= 1
        assert refused(bytes(changed)) in {
            PdfProblem.CONTENT_CHANGED, PdfProblem.NOT_A_PDF, PdfProblem.NOT_SEALED, PdfProblem.SEAL_BROKEN,
        }, position  # fmt: skip


def test_a_changed_byte_anywhere_in_the_seal_shows_in_its_padding_too() -> None:
    pdf, (start, end) = sealed(), gap(sealed())
    assert seal_of().verify_pdf(pdf).stands
    for position in (*range(start, start + 100), *range(start + 100, end, 13), end - 2, end - 1):
        for other in (b"0", b"1", b"a", b" "):
            if pdf[position : position + 1] != other:
                assert refused(pdf[:position] + other + pdf[position + 1 :]), position


def test_anything_added_after_the_seal_shows_and_is_not_called_a_forgery() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(sealed()))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()  # type: ignore[no-untyped-call]
    updated = BytesIO()
    writer.write(updated)  # type: ignore[no-untyped-call]
    for added in (updated.getvalue(), sealed() + b"\n"):
        verdict = seal_of().verify_pdf(added)
        assert (verdict.genuine, verdict.unaltered) == (True, False)
        assert verdict.problems == (PdfProblem.ADDED_TO,)


def test_a_sealed_letter_is_not_sealed_again_and_a_second_signature_on_top_shows() -> None:
    with pytest.raises(ValueError, match="signed already"):
        seal_of().sign_pdf(sealed(), reason="x", at=NOW)
    certificate = x509.load_pem_x509_certificate(seal_of().trust)
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(field_name="Second"),
        signer=_pyhanko_signer(seal_of()._key, certificate),
        new_field_spec=SigFieldSpec("Second"),
    )
    twice = signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(sealed()))).getvalue()
    assert refused(twice) is PdfProblem.SEVERAL_SEALS


def test_a_letter_sealed_by_another_is_not_ours_whatever_name_it_bears() -> None:
    forged = made().sign_pdf(letter(), reason="x", at=NOW)
    verdict = seal_of().verify_pdf(forged)
    assert verdict == PdfVerdict(genuine=False, unaltered=False, problems=(PdfProblem.SEALED_BY_ANOTHER,))


def test_a_seal_cut_out_of_one_letter_does_not_seal_another() -> None:
    start, end = gap(sealed())
    second = seal_of().sign_pdf(letter(), reason="另一份承诺书", at=NOW)
    begin, finish = gap(second)
    room = finish - begin - 2
    held = sealed()[start + 1 : end - 1][:room].ljust(room, b"0")
    assert refused(second[: begin + 1] + held + second[finish - 1 :]) is PdfProblem.CONTENT_CHANGED


def test_a_root_in_the_trust_file_vouches_for_nobody_but_a_named_certificate_does() -> None:
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_pem = issued(root, root, key_cert_sign=True).public_bytes(Encoding.PEM)
    seal = PlatformSeal.open(packed(key, issued(key, root, content_commitment=True)), b"")
    pdf = seal.sign_pdf(letter(), reason="x", at=NOW)
    assert seal.verify_pdf(pdf).signer == "某市局"
    assert refused(pdf, root_pem) is PdfProblem.SEALED_BY_ANOTHER
    assert verify_letter_file(pdf, root_pem + seal.trust).stands


def test_a_letter_stays_verifiable_after_the_certificate_ends_and_none_is_sealed_then() -> None:
    long_ago = made(at=NOW - timedelta(days=5000))
    then = NOW - timedelta(days=4990)
    assert long_ago.verify_pdf(long_ago.sign_pdf(letter(), reason="x", at=then)).signed_at == then
    with pytest.raises(SealUnusableError):
        long_ago.sign_pdf(letter(), reason="x", at=NOW)
    certificate = x509.load_pem_x509_certificate(long_ago.trust)
    late = sign_pdf(letter(), key=long_ago._key, certificate=certificate, reason="x", at=NOW)
    assert refused(late, long_ago.trust) is PdfProblem.SEALED_OUTSIDE_VALIDITY


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (b"", PdfProblem.NOT_A_PDF),
        (b"%PDF-", PdfProblem.NOT_SEALED),
        (b"%PDF-1.7\n" + b"[" * 5000, PdfProblem.NOT_SEALED),
        (b"PK\x03\x04", PdfProblem.NOT_A_PDF),
        (b"%PDF-" + bytes(LARGEST_PDF), PdfProblem.TOO_LARGE),
    ],
    ids=["empty", "a head alone", "deeply nested", "another kind of file", "enormous"],
)
def test_what_is_no_sealed_pdf_is_told_so(file: bytes, problem: PdfProblem) -> None:
    assert refused(file) is problem


def test_an_unsealed_or_cut_off_letter_does_not_stand() -> None:
    assert refused(letter()) is PdfProblem.NOT_SEALED
    for length in range(0, len(sealed()), len(sealed()) // 40):
        assert refused(sealed()[:length])
    assert refused(sealed()[:-1]) is PdfProblem.CONTENT_CHANGED
    assert refused(sealed() + b"%%EOF\n")


def test_only_a_whole_pdf_is_sealed_and_only_at_a_time_with_a_zone() -> None:
    with pytest.raises(ValueError, match="no PDF"):
        seal_of().sign_pdf(b"hello", reason="x", at=NOW)
    with pytest.raises(ValueError, match="time zone"):
        seal_of().sign_pdf(letter(), reason="x", at=NOW.replace(tzinfo=None))


def test_a_trust_file_without_a_certificate_is_the_operator_s_mistake() -> None:
    with pytest.raises(ValueError, match=r".+"):
        verify_letter_file(sealed(), b"")
