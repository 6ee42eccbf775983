"""The shapes of what comes back: scanned slips, complaints, words added to them."""

from typing import Annotated

from pydantic import StringConstraints

from casework.complain import LONGEST, LONGEST_WORD, ComplaintWish
from domain.return_slip import LONGEST as LONGEST_SLIP
from domain.terms import ComplaintKind
from miniapp_api.shapes import Body, ShortText


class ScannedSlip(Body):
    """The text of the QR code, as the phone read it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SLIP)]


class NewComplaint(Body):
    """What is to be said, about which own case or which station, if any."""

    kind: ComplaintKind
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
    case_number: ShortText | None = None
    point: ShortText | None = None

    def wish(self) -> ComplaintWish:
        """As the act takes it."""
        return ComplaintWish(self.kind, self.text, self.case_number, self.point)


class AddedWord(Body):
    """A word to add."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORD)]
