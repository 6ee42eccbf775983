"""The platform's signature on a PDF: PAdES baseline B-B (ETSI EN 319 142-1), made and verified without any network.

Nothing is fetched: no OCSP, no revocation list, no time-stamp authority. What a seal is worth is said by the trust
file, which names the platform's certificates one by one (an authority's root in it vouches for nobody); a certificate
taken out of it seals nothing any more.

Verifying is stricter than the standard: the seal must cover the whole file, and the space that holds it must hold it
and nothing else, so that a changed byte anywhere shows, in the padding too.
"""

import asyncio
import re
from datetime import datetime
from io import BytesIO

from asn1crypto import algos, cms, keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from domain.evidence import PdfProblem, PdfVerdict

FIELD = "TongbanSeal"
LARGEST_PDF = 20 * 1024 * 1024
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_SEALING = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
_GAP = re.compile(rb"<([0-9A-F]+)>")


def sign_pdf(pdf: bytes, *, key: PrivateKey, certificate: x509.Certificate, reason: str, at: datetime) -> bytes:
    """The PDF with our signature appended (field ``TongbanSeal``); what was there stays byte for byte, PDF/A too.

    ``at`` is the time the signature claims (``/M``; B-B has no other). Call it in a thread: it runs a loop of its own.

    Raises:
        ValueError: this is no PDF, it is signed already, or ``at`` is naive.
    """
    if at.tzinfo is None:
        raise ValueError("the time of a signature must know its time zone")
    try:
        writer = _Appender(BytesIO(pdf))
        signed_already = bool(writer.prev.embedded_signatures)
    except PdfError as error:
        raise ValueError("this is no PDF that can be signed") from error
    if signed_already:
        raise ValueError("this PDF is signed already")
    signer = _SignerAt(at, _signature_form(reason), signer=_pyhanko_signer(key, certificate))
    out = asyncio.run(signer.async_sign_pdf(writer))
    return bytes(out.getvalue())


def verify_letter_file(pdf: bytes, trust: bytes) -> PdfVerdict:
    """Whether a letter's file is ours and as we sealed it. ``trust``: PEM of every certificate that may have sealed it.

    Offline; bad bytes are a verdict, never an error. The certificate's validity is judged at the time the seal claims,
    so that a letter can be verified after the certificate has expired. Call it in a thread: it runs its own loop.

    Raises:
        ValueError: the trust file holds no certificate.
        RuntimeError: called on a running loop instead of in a thread; never mistaken for a bad file.
    """
    if asyncio._get_running_loop() is not None:  # noqa: SLF001 - the one question that neither raises nor makes one
        raise RuntimeError("verify letters in a thread")
    roots = _certificates(trust)
    if len(pdf) > LARGEST_PDF:
        return _not_ours(PdfProblem.TOO_LARGE)
    if not pdf.startswith(b"%PDF-"):
        return _not_ours(PdfProblem.NOT_A_PDF)
    try:
        return _verdict(pdf, roots)
    except Exception:  # noqa: BLE001 - a forged file can make a reader of PDF fail in any way; none of them is genuine
        return _not_ours(_without_seal(pdf))


class _Appender(IncrementalPdfFileWriter):
    """Appends the signature and leaves the metadata alone: they say PDF/A, and the rewriting would ask the clock."""

    def _update_meta(self) -> None:
        pass


class _SignerAt(signers.PdfSigner):
    """A signer that takes its time from us, and declares nothing beyond PDF 1.7, which PDF/A-2 stands on."""

    def __init__(self, at: datetime, form: PdfSignatureMetadata, *, signer: signers.Signer) -> None:
        super().__init__(form, signer=signer, new_field_spec=SigFieldSpec(FIELD))
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> signers.pdf_signer.PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:  # noqa: ARG002 - given by name
        pdf_out.register_extension(ESIC_EXTENSION_1)


def _signature_form(reason: str) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(field_name=FIELD, subfilter=SigSeedSubFilter.PADES, reason=reason)


def _pyhanko_signer(key: PrivateKey, certificate: x509.Certificate) -> signers.SimpleSigner:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        signing_cert=_asn1(certificate),
        signing_key=keys.PrivateKeyInfo.load(der),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _certificates(trust: bytes) -> list[asn1_x509.Certificate]:
    return [_asn1(certificate) for certificate in x509.load_pem_x509_certificates(trust)]


def _not_ours(problem: PdfProblem) -> PdfVerdict:
    return PdfVerdict(genuine=False, unaltered=False, problems=(problem,))


def _without_seal(pdf: bytes) -> PdfProblem:
    """What it means that no seal can be read: there is none, or a letter of ours was damaged."""
    return PdfProblem.CONTENT_CHANGED if FIELD.encode() in pdf else PdfProblem.NOT_SEALED


def _verdict(pdf: bytes, roots: list[asn1_x509.Certificate]) -> PdfVerdict:
    seals = PdfFileReader(BytesIO(pdf)).embedded_signatures
    if not seals:
        return _not_ours(_without_seal(pdf))
    seal, claimed = seals[0], seals[0].self_reported_timestamp
    if claimed is None or claimed.tzinfo is None:
        return _not_ours(PdfProblem.SEAL_BROKEN)
    if seal.signer_cert.dump() not in {root.dump() for root in roots}:
        return _not_ours(PdfProblem.SEALED_BY_ANOTHER)
    status = asyncio.run(_validated(seal, roots, claimed))
    if problem := _against_seal(pdf, seal, status, claimed):
        return _not_ours(problem)
    added = PdfProblem.SEVERAL_SEALS if len(seals) > 1 else PdfProblem.ADDED_TO
    whole = len(seals) == 1 and _ends(seal) == len(pdf)
    signer = str(seal.signer_cert.subject.native.get("common_name", ""))
    return PdfVerdict(
        genuine=True, unaltered=whole, signer=signer, signed_at=claimed, problems=() if whole else (added,)
    )


async def _validated(
    seal: EmbeddedPdfSignature, roots: list[asn1_x509.Certificate], moment: datetime
) -> PdfSignatureStatus:
    context = ValidationContext(trust_roots=roots, allow_fetching=False, moment=moment)
    return await async_validate_pdf_signature(
        seal, signer_validation_context=context, key_usage_settings=_SEALING, skip_diff=True
    )


def _against_seal(
    pdf: bytes,
    seal: EmbeddedPdfSignature,
    status: PdfSignatureStatus,
    claimed: datetime,
) -> PdfProblem | None:
    """What keeps the seal from vouching for what it covers."""
    if not status.intact:
        return PdfProblem.CONTENT_CHANGED
    if not status.valid or not _is_tight(pdf, seal):
        return PdfProblem.SEAL_BROKEN
    certificate = seal.signer_cert
    if not certificate.not_valid_before <= claimed <= certificate.not_valid_after:
        return PdfProblem.SEALED_OUTSIDE_VALIDITY
    return None if status.trusted else PdfProblem.SEAL_BROKEN


def _ends(seal: EmbeddedPdfSignature) -> int:
    *_, start, length = map(int, seal.byte_range)
    return start + length


def _is_tight(pdf: bytes, seal: EmbeddedPdfSignature) -> bool:
    """True when the seal covers everything but its own place, and its place holds the one signature and zeros."""
    first, before, after, _ = map(int, seal.byte_range)
    gap = _GAP.fullmatch(pdf, before, after)
    if first != 0 or gap is None:
        return False
    held, envelope = bytes.fromhex(gap[1].decode()), _envelope(seal)
    return held == envelope + bytes(len(held) - len(envelope))


def _envelope(seal: EmbeddedPdfSignature) -> bytes:
    """The CMS envelope as we write it around what the signature covers, for not all of it is covered (RFC 5652 5.4)."""
    info, certificate = seal.signer_info, seal.signer_cert
    digest = algos.DigestAlgorithm({"algorithm": info["digest_algorithm"]["algorithm"].native})
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": _name_of(certificate)},
        "digest_algorithm": digest,
        "signature_algorithm": {"algorithm": info["signature_algorithm"]["algorithm"].native},
        "signed_attrs": info["signed_attrs"],
        "signature": info["signature"].native,
    }
    content = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def _name_of(certificate: asn1_x509.Certificate) -> dict[str, object]:
    return {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
