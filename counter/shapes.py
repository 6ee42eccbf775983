"""The shapes of the station API; a report's own stands in ``casework.report_shape``, as it comes other ways too."""

from typing import Annotated

from pydantic import BaseModel, TypeAdapter

from casework.counter_views import ReportReceipt
from casework.report_shape import STRICT, line, read_shape

_RECEIPT = TypeAdapter(ReportReceipt)


class ExportIn(BaseModel):
    """Which case's letter is asked for."""

    model_config = STRICT

    acceptance_number: Annotated[str, line(40)]


def read_export(body: bytes) -> str:
    """The acceptance number in a body. Raises Refusal ``report_malformed``."""
    return read_shape(ExportIn, body).acceptance_number


def receipt_bytes(receipt: ReportReceipt) -> bytes:
    """The receipt as JSON."""
    return _RECEIPT.dump_json(receipt)
