"""Passwords: hashed by Argon2id off the loop, a few at once; and what a new one must be (V6.2, V11.4.2)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.password import is_common
from domain.refusal import Refusal

SHORTEST = 12
_FEWEST_DIFFERENT = 6
_GUESSED_FIRST = ("tongban", "password", "passw0rd", "qwerty", "123456", "abc123", "admin", "通办", "密码")
_AT_ONCE = 2  # Argon2id takes memory and a core; a rush of logins must not starve the counter


async def hash_password(password: str) -> str:
    """Argon2id with the library's current parameters (V11.4.2), off the loop."""
    return await asyncio.get_running_loop().run_in_executor(_hashers(), PasswordHasher().hash, password)


async def matches(password_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash."""
    check = partial(PasswordHasher().verify, password_hash, password)
    try:
        return await asyncio.get_running_loop().run_in_executor(_hashers(), check)
    except (Argon2Error, InvalidHashError):
        return False


def insist_good(password: str, username: str) -> None:
    """A new password is long and is not what is guessed first; nothing else is asked of it (V6.2.1, V6.2.4, V6.2.5,
    V6.2.11).

    Raises:
        Refusal: ``password_too_short``, ``password_too_common``.
    """
    if len(password) < SHORTEST:
        raise Refusal("password_too_short", least=SHORTEST)
    plain = password.casefold()
    for word in (username.casefold(), *_GUESSED_FIRST):
        plain = plain.replace(word, "")
    if len(set(plain)) < _FEWEST_DIFFERENT or is_common(password):
        raise Refusal("password_too_common")


@cache
def _hashers() -> ThreadPoolExecutor:
    """So many threads hash at once and no more, whatever comes in."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
