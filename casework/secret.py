"""Tokens and codes: made from the one Random, kept only as hashes."""

import base64
import hashlib

from casework.deps import Deps


def fresh_token(deps: Deps) -> str:
    """A reference token of 256 bits, URL-safe (V7.2.3)."""
    return base64.urlsafe_b64encode(deps.random.token(32)).rstrip(b"=").decode()


def hashed(token: str) -> str:
    """What is kept of a token: a SHA-256; tokens have too many bits to be guessed from it."""
    return hashlib.sha256(token.encode()).hexdigest()
