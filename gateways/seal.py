"""The platform's seal: one key and its certificate, over evidence records and over the letter's PDF.

**Seal of evidence.** A detached JWS (RFC 7515, compact form with an empty middle) in ASCII::

    base64url({"alg":"ES256","x5t#S256":"<thumbprint of the certificate>"}) ".." base64url(signature)

``alg`` follows from the key: P-256 → ES256 (nonce by RFC 6979, so that the same record gives the same seal), Ed25519 →
EdDSA (RFC 8037), RSA → PS256. Any JOSE library can verify it. ``x5t#S256`` names the certificate, so that old records
stay verifiable after the key was changed: keep retired certificates in the trust file.

**SM2** (GB/T 32918, by setting and the optional extra ``sm2``) has a key of its own beside the certificate's::

    base64url({"alg":"SM2","kid":"<SHA-256 of the public key's DER>"}) ".." base64url(r · s)

Its public keys stand as ``PUBLIC KEY`` in the trust file; verifying needs no extra (``gateways.sm2``). PDFs are
sealed by the certificate's key all the same: the library that signs and verifies them here knows no SM2.

Key material never reaches a log line or an exception's text.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from domain.evidence import SHA256, DigestAlgorithm, PdfVerdict
from gateways import sm2
from gateways.pdf_signature import PrivateKey, sign_pdf, verify_letter_file
from gateways.sm2_signing import Sm2Signer

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_VALID_FOR = timedelta(days=3650)
_SHORTEST_RSA = 2048
_COORDINATE = 32  # bytes of r and of s in ES256 (RFC 7518 3.4)
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_SEAL = re.compile(rb"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)")


class SealAlgorithm(StrEnum):
    """What seals, by its JOSE name; SM2 has none and goes by its own."""

    ES256 = "ES256"
    EDDSA = "EdDSA"
    PS256 = "PS256"
    SM2 = "SM2"


class SealUnusableError(Exception):
    """The key material can't seal; the text says why, for the operator, and holds nothing secret."""


_NO_SM2 = "a certificate has P-256, Ed25519 or RSA; an SM2 key has a file of its own"


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


SM3 = DigestAlgorithm("sm3", _sm3)  # GB/T 32905
DIGESTS = {algorithm.name: algorithm for algorithm in (SHA256, SM3)}
"""The digests an operator can choose, by name."""


class PlatformSeal:
    """One key with its certificate. Its methods take milliseconds of computing: call them in a thread.

    ``trust`` is PEM: this certificate and the retired ones it was given, for verifying. ``digests`` are the digests
    evidence may be made with, by name. With a ``national`` signer evidence is sealed by SM2, PDFs by ``key`` as ever.
    """

    digests = DIGESTS

    def __init__(
        self,
        key: PrivateKey,
        certificate: x509.Certificate,
        retired: bytes = b"",
        national: Sm2Signer | None = None,
    ) -> None:
        self.algorithm = _algorithm_of(key.public_key())
        if key.public_key() != certificate.public_key() or not _may_sign(certificate):
            raise SealUnusableError("the certificate is not of this key, or its key usage does not allow signing")
        self._key = key
        self._certificate = certificate
        self._national = national
        own = certificate.public_bytes(Encoding.PEM) + (national.public_key.pem if national else b"")
        self.trust = own + retired

    @classmethod
    def open(
        cls, pkcs12_bytes: bytes, password: bytes, retired: bytes = b"", national: Sm2Signer | None = None
    ) -> Self:
        """The seal of a PKCS#12 file.

        Raises:
            SealUnusableError: wrong password, no key or no certificate in it, or a kind of key that can't seal.
        """
        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(pkcs12_bytes, password)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SealUnusableError(f"the PKCS#12 can't be opened ({_NO_SM2})") from error
        if key is None or certificate is None:
            raise SealUnusableError("the PKCS#12 holds no key with its certificate")
        if not isinstance(key, PrivateKey):
            raise SealUnusableError("this kind of key can't seal: take P-256, Ed25519 or RSA")
        return cls(key, certificate, retired, national)

    @property
    def valid_until(self) -> datetime:
        """When the certificate ends: a new seal is due before."""
        return self._certificate.not_valid_after_utc

    def seal(self, data: bytes) -> bytes:
        """The seal over these bytes."""
        if self._national:
            header = _encoded(_sm2_header(self._national.public_key))
            return header + b".." + _encoded(self._national.sign(header + b"." + _encoded(data)))
        header = _encoded(_header(self.algorithm, self._certificate))
        return header + b".." + _encoded(signature_by(self._key, header + b"." + _encoded(data)))

    def verify(self, data: bytes, seal: bytes) -> bool:
        """Whether the seal is over these bytes, by this certificate or a retired one."""
        return verify_seal(data, seal, self.trust)

    def sign_pdf(self, pdf: bytes, *, reason: str, at: datetime) -> bytes:
        """The PDF with the platform's PAdES signature (``gateways.pdf_signature``).

        Take P-256 or RSA for letters: few viewers know Ed25519 in a PDF, and ``pdfsig`` does not.

        Raises:
            ValueError: this is no PDF, it is signed already, or ``at`` is naive.
            SealUnusableError: the certificate is not valid at that time, so that nobody could verify the letter.
        """
        if at.tzinfo and not self._certificate.not_valid_before_utc <= at <= self.valid_until:
            raise SealUnusableError("the seal's certificate is not valid at this time")
        return sign_pdf(pdf, key=self._key, certificate=self._certificate, reason=reason, at=at)

    def verify_pdf(self, pdf: bytes) -> PdfVerdict:
        """What the file is worth, by this certificate and the retired ones."""
        return verify_letter_file(pdf, self.trust)


def make_self_signed(
    common_name: str,
    clock: Callable[[], datetime],
    *,
    password: bytes,
    algorithm: SealAlgorithm = SealAlgorithm.ES256,
) -> tuple[bytes, bytes]:
    """A new key with a self-signed certificate for ten years: the PKCS#12 and the certificate as PEM.

    Make it once and keep it: letters are verified against this very certificate.

    Raises:
        SealUnusableError: the algorithm can't be had here.
    """
    key, now = _new_key(algorithm), clock()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + _VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )  # fmt: skip
    file = pkcs12.serialize_key_and_certificates(
        common_name.encode(), key, certificate, None, BestAvailableEncryption(password)
    )
    return file, certificate.public_bytes(Encoding.PEM)


def verify_seal(data: bytes, seal: bytes, trust: bytes) -> bool:
    """Whether the seal is over these bytes by a trusted certificate or SM2 key (PEM). Never raises for a bad seal."""
    parts = _SEAL.fullmatch(seal)
    signature = _decoded(parts[2]) if parts else None
    if parts is None or signature is None:
        return False
    header, signed = parts[1], parts[1] + b"." + _encoded(data)
    for certificate in x509.load_pem_x509_certificates(trust):
        key = certificate.public_key()
        if isinstance(key, PublicKey) and header == _encoded(_header(_algorithm_of(key), certificate)):
            return is_signed(key, signature, signed)
    named = (key for key in sm2.keys_in(trust) if header == _encoded(_sm2_header(key)))
    return any(sm2.verify(key, signature, signed) for key in named)


def is_signed(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether the raw JOSE signature is by this key over these bytes."""
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(_as_der(signature), data, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case _:
                key.verify(signature, data, _PSS, hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _new_key(algorithm: SealAlgorithm) -> PrivateKey:
    match algorithm:
        case SealAlgorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case SealAlgorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.generate()
        case SealAlgorithm.PS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    raise SealUnusableError(_NO_SM2)


def _algorithm_of(key: PublicKey) -> SealAlgorithm:
    match key:
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            return SealAlgorithm.ES256
        case ed25519.Ed25519PublicKey():
            return SealAlgorithm.EDDSA
        case rsa.RSAPublicKey() if key.key_size >= _SHORTEST_RSA:
            return SealAlgorithm.PS256
    raise SealUnusableError("this kind of key can't seal: take P-256, Ed25519 or RSA of 2048 bits and more")


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def _usage() -> x509.KeyUsage:
    no = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=True, content_commitment=True, **no)


def _header(algorithm: SealAlgorithm, certificate: x509.Certificate) -> bytes:
    thumbprint = _encoded(certificate.fingerprint(hashes.SHA256())).decode()
    return orjson.dumps({"alg": algorithm, "x5t#S256": thumbprint})


def _sm2_header(key: sm2.Sm2PublicKey) -> bytes:
    return orjson.dumps({"alg": SealAlgorithm.SM2, "kid": _encoded(key.thumbprint).decode()})


def signature_by(key: PrivateKey, data: bytes) -> bytes:
    """The raw JOSE signature, which is COSE's too; ES256 with the nonce of RFC 6979."""
    match key:
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
            return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
        case ed25519.Ed25519PrivateKey():
            return key.sign(data)
    return key.sign(data, _PSS, hashes.SHA256())


def _as_der(signature: bytes) -> bytes:
    if len(signature) != 2 * _COORDINATE:
        raise ValueError("an ES256 signature is r and s, 32 bytes each")
    r, s = signature[:_COORDINATE], signature[_COORDINATE:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes | None:
    """The bytes of unpadded base64url, or None: only the one way of writing them that RFC 4648 has counts."""
    try:
        data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if _encoded(data) == text else None
