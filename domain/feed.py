"""What a file feed is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FeedLine:
    """One line. ``text`` is None where it was too long to be read; ``end``: the byte after it.

    ``whole``: it ended as lines end; half a last line did not.
    """

    text: bytes | None
    end: int
    whole: bool
