"""The signature of the JSON contracts of our own making: SMS provider and signer check."""

import hmac


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over ``timestamp.body``; the time stamp is in unix seconds."""
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
