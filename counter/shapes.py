"""The shapes of the station API: strict, closed, capped (ASVS V1.5.2, V15.3.3, V15.3.5)."""

import json
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from casework.report import Report, ReportFacts
from casework.views import ReportReceipt
from domain.refusal import Refusal
from domain.terms import ReportKind

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
Shape = TypeVar("Shape", bound=BaseModel)
_RECEIPT = TypeAdapter(ReportReceipt)
_SEEN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _line(longest: int) -> Any:
    return StringConstraints(min_length=1, max_length=longest, strip_whitespace=True, pattern=_SEEN)


class FactsIn(BaseModel):
    """What belongs to some kinds of report only."""

    model_config = _STRICT

    issued_on: date | None = None
    refusal_reason: Annotated[str, _line(200)] | None = None
    card_centre: Annotated[str, _line(120)] | None = None
    waybill: Annotated[str, _line(40)] | None = None
    received_on: date | None = None


class ReportIn(BaseModel):
    """One report. ``at`` is when it happened there, with its zone (RFC 3339)."""

    model_config = _STRICT

    report_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    kind: ReportKind
    acceptance_number: Annotated[str, _line(40)]
    at: AwareDatetime
    unit: Annotated[str, _line(120)]
    facts: FactsIn = Field(default_factory=FactsIn)


class ExportIn(BaseModel):
    """Which case's letter is asked for."""

    model_config = _STRICT

    acceptance_number: Annotated[str, _line(40)]


def read_export(body: bytes) -> str:
    """The acceptance number in a body. Raises Refusal ``report_malformed``."""
    return _read(ExportIn, body).acceptance_number


def read_report(body: bytes) -> Report:
    """The report in a body. Raises Refusal ``report_malformed`` that names the first field at fault."""
    told = _read(ReportIn, body)
    return Report(
        report_id=told.report_id,
        kind=told.kind,
        acceptance_number=told.acceptance_number,
        at=told.at,
        unit=told.unit,
        facts=ReportFacts(**told.facts.model_dump()),
    )


def receipt_bytes(receipt: ReportReceipt) -> bytes:
    """The receipt as JSON."""
    return _RECEIPT.dump_json(receipt)


def _read(shape: type[Shape], body: bytes) -> Shape:
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
