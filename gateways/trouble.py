"""What can go wrong with the outside, in words for operators; citizens get a Refusal instead."""


class GatewayError(Exception):
    """The outside didn't do what we asked; ``str()`` is a sentence an operator can act on, without personal data."""


class UnreachableError(GatewayError):
    """No usable answer: refused, timed out, dropped, or not in the protocol's language.

    Whether the other side acted on the request is unknown. ``reason`` is one short word for logs and outbox rows.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"no usable answer from the other side ({reason})")
        self.reason = reason
