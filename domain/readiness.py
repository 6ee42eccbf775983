"""What is still missing before a person comes to the counter: computed from facts, never stored."""

_LETTER_TO_DO = {"to_sign": "letter_signature"}


def missing_before_handoff(*, booked: bool, letter: str) -> tuple[str, ...]:
    """Codes of what is missing, in the order a person should do it: ``booking``, ``letter_signature``.

    A letter whose text no source gives is signed on paper at the counter (D1), so it is not missing before.
    """
    missing = () if booked else ("booking",)
    return (*missing, _LETTER_TO_DO[letter]) if letter in _LETTER_TO_DO else missing
