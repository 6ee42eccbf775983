"""The platform's signature on a PDF: PAdES baseline B-B (ETSI EN 319 142-1), made and verified without any network.

Nothing is fetched: no OCSP, no revocation list, no time-stamp authority. What a seal is worth is said by the trust
file, which names the platform's certificates one by one; a certificate taken out of it seals nothing any more.

Verifying is stricter than the standard: the seal must cover the whole file, and the space that holds it must hold it
and nothing else, so that a changed byte anywhere shows, in the padding too.
"""

import asyncio
import re
from datetime import datetime
from io import BytesIO

from asn1crypto import cms, keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from domain.evidence import PdfProblem, PdfVerdict
