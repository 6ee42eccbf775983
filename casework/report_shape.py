"""What a report looks like, whichever way it comes: strict, closed, capped (ASVS V1.5.2, V15.3.3, V15.3.5)."""

import json
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from casework.accept import DeclineReason
from casework.reported import Report, ReportFacts
from domain.refusal import Refusal
from domain.terms import CollectorKind, Kinship, ReportKind

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
Shape = TypeVar("Shape", bound=BaseModel)
_SEEN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def line(longest: int) -> Any:
    """One line of text that is not empty."""
    return StringConstraints(min_length=1, max_length=longest, strip_whitespace=True, pattern=_SEEN)


class FactsIn(BaseModel):
    """What belongs to some kinds of report only."""

    model_config = STRICT

    issued_on: date | None = None
    refusal_reason: Annotated[str, line(200)] | None = None
    card_centre: Annotated[str, line(120)] | None = None
    waybill: Annotated[str, line(40)] | None = None
    received_on: date | None = None
    slip_number: Annotated[str, line(40)] | None = None
    officer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = None
    guardian_present: bool = False
    same_frame_photo: bool = False
    decline_reason: DeclineReason | None = None
    collector: CollectorKind | None = None
    checks: Annotated[tuple[Annotated[str, line(40)], ...], Field(max_length=20)] = ()
    kinship: Kinship | None = None


class ReportIn(BaseModel):
    """One report. ``at`` is when it happened there, with its zone (RFC 3339).

    What a counter decided names our case by ``case_number``, everything later by the acceptance number alone.
    """

    model_config = STRICT

    report_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    kind: ReportKind
    acceptance_number: Annotated[str, line(40)] | None = None
    case_number: Annotated[str, line(40)] | None = None
    at: AwareDatetime
    unit: Annotated[str, line(120)]
    facts: FactsIn = Field(default_factory=FactsIn)


def read_report(body: bytes) -> Report:
    """The report in a body or a line. Raises Refusal ``report_malformed`` that names the first field at fault."""
    told = read_shape(ReportIn, body)
    return Report(
        report_id=told.report_id,
        kind=told.kind,
        acceptance_number=told.acceptance_number or "",
        case_number=told.case_number or "",
        at=told.at,
        unit=told.unit,
        facts=ReportFacts(**told.facts.model_dump()),
    )


def read_shape(shape: type[Shape], body: bytes) -> Shape:
    """One JSON object of this shape. Raises Refusal ``report_malformed``."""
    try:
        _refuse_doubles(body)
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise Refusal("report_malformed", field=_where(error)) from None
    except (ValueError, RecursionError):
        raise Refusal("report_malformed", field="JSON") from None


def _refuse_doubles(body: bytes) -> None:
    """A name given twice in one object means two things to two readers: refuse it (ASVS V15.3.7)."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    json.loads(body.decode("utf-8"), object_pairs_hook=unique)


def _where(error: ValidationError) -> str:
    """The place of the first problem. A name that was made up by the sender is not repeated."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    return ".".join(str(part) for part in place) or "JSON"
