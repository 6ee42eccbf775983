"""Was this certificate issued by the unit it names? For anybody who holds one; what it says is told to nobody."""

from casework.deps import Deps
from casework.service_views import CertificateVerification
from domain.applicant import mask_name
from domain.identity_number import parse_identity_number
from domain.letter_number import check_certificate_number
from domain.local_time import day_of
from domain.refusal import Refusal
from models.case import find_case_by_id
from models.certificate import find_certificate
from templates.certificate_pdf import certificate_title


async def verify_certificate(deps: Deps, number: str) -> CertificateVerification:
    """What anybody may know of a certificate by its number: name and identity number masked.

    Raises:
        Refusal: ``certificate_number_malformed``, ``certificate_unknown``.
    """
    found = await find_certificate(check_certificate_number(number))
    if found is None or found.number is None or found.issued_at is None or found.unit is None:
        raise Refusal("certificate_unknown")
    case = await find_case_by_id(found.case_id)
    return CertificateVerification(
        number=found.number,
        title=certificate_title(found.way),
        name_masked=mask_name(str(case.form["name"])),
        identity_number_masked=parse_identity_number(case.form["identity_number"], deps.today()).masked,
        way=found.way,
        unit=found.unit,
        issued_on=day_of(found.issued_at),
    )
