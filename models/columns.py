"""Column kinds of our own: sealed (encrypted) values, blind indexes, and times that are always UTC.

A sealed value is ``cipher · length of the key id · key id · nonce · ciphertext``; the first byte says which cipher
sealed it (1 AES-256-GCM, 2 SM4-GCM: ``models.gcm``), so that both open side by side. Its authenticated data is
``table.column``: a value copied into another column does not open there. Keys come in a ``KeyRing``: new values are
sealed with the current key and cipher, every key of the ring opens what it sealed by either cipher, ``models.reseal``
moves everything to the current key and cipher.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar, overload

import orjson
from cryptography.exceptions import InvalidTag
from tortoise import fields
from tortoise.fields.base import Field
from tortoise.models import Model

from models.gcm import SealCipher, gcm_of

_CIPHERS = {1: SealCipher.AES_256_GCM, 2: SealCipher.SM4_GCM}
_FIRST_BYTE = {cipher: byte for byte, cipher in _CIPHERS.items()}
_NONCE_BYTES = 12  # what GCM is made for (NIST SP 800-38D §5.2.1.1)
_KEY_BYTES = 32

_Text = TypeVar("_Text", bound=str | None)
_Bytes = TypeVar("_Bytes", bound=bytes | None)
_Json = TypeVar("_Json", bound=dict[str, Any] | None)
_Time = TypeVar("_Time", datetime, datetime | None)


class SealBroken(Exception):
    """A sealed value does not open: unknown key, another column's value, or altered bytes."""


class NoKeyRing(Exception):
    """A sealed column was used before ``open_database`` installed the keys."""


@dataclass(frozen=True)
class KeyRing:
    """The keys by id, which of them seals new values by which cipher, and the HMAC key of the blind indexes.

    Raises ValueError for a key of the wrong length, an id longer than 255 bytes, or a current id without a key.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    cipher: SealCipher = SealCipher.AES_256_GCM

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"the current key {self.current!r} is not among the keys of the ring")
        for key_id, key in self.keys.items():
            _check_key(key_id, key)
        if len(self.index_key) < _KEY_BYTES:
            raise ValueError(f"the index key needs at least {_KEY_BYTES} bytes")


def _check_key(key_id: str, key: bytes) -> None:
    if not 1 <= len(key_id.encode()) <= 255:
        raise ValueError("a key id has 1 to 255 bytes")
    if len(key) != _KEY_BYTES:
        raise ValueError(f"the key {key_id!r} needs exactly {_KEY_BYTES} bytes")


class _Locksmith:
    """A key ring made ready for work: every cipher of every key, the header of new values prepared."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._ciphers = {
            _header(cipher, key_id): gcm_of(cipher, key) for key_id, key in ring.keys.items() for cipher in SealCipher
        }
        self._header = _header(ring.cipher, ring.current)
        self._current = self._ciphers[self._header]

    def seal(self, purpose: bytes, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._current.encrypt(nonce, data, purpose)

    def unseal(self, purpose: bytes, blob: bytes) -> bytes:
        if len(blob) < 2 or blob[0] not in _CIPHERS:
            raise SealBroken("these bytes are not a sealed value")
        body = 2 + blob[1]
        cipher = self._ciphers.get(blob[:body])
        if cipher is None:
            raise SealBroken(f"sealed with the key {key_id_of(blob)!r}, which is not in the ring")
        try:
            return cipher.decrypt(blob[body : body + _NONCE_BYTES], blob[body + _NONCE_BYTES :], purpose)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("a sealed value was altered, or belongs to another column") from error

    def is_current(self, blob: bytes) -> bool:
        return blob.startswith(self._header)


_installed: _Locksmith | None = None  # set once per process by open_database; see install_keyring


def _header(cipher: SealCipher, key_id: str) -> bytes:
    raw = key_id.encode()
    return bytes((_FIRST_BYTE[cipher], len(raw))) + raw


def install_keyring(ring: KeyRing) -> None:
    """Make the ring the one every sealed column uses from now on. ``models.db`` calls this; nobody else has to."""
    global _installed  # noqa: PLW0603 — fields are made at import, keys are known at start: this is where they meet
    _installed = _Locksmith(ring)


def _locksmith() -> _Locksmith:
    if _installed is None:
        raise NoKeyRing("no keys installed: open the database with models.db.open_database first")
    return _installed


def seal(purpose: str, data: bytes) -> bytes:
    """Seal bytes for a purpose (for columns: ``table.column``) with the current key."""
    return _locksmith().seal(purpose.encode(), data)


def unseal(purpose: str, blob: bytes) -> bytes:
    """Open what ``seal`` closed for the same purpose. Raises ``SealBroken``."""
    return _locksmith().unseal(purpose.encode(), blob)


def key_id_of(blob: bytes) -> str:
    """The id of the key that sealed these bytes."""
    return blob[2 : 2 + blob[1]].decode(errors="replace")


def cipher_of(blob: bytes) -> SealCipher:
    """The cipher that sealed these bytes."""
    return _CIPHERS[blob[0]]


def is_current(blob: bytes) -> bool:
    """Whether these bytes were sealed with the current key by the current cipher."""
    return _locksmith().is_current(blob)


def blind_index(value: str, purpose: str) -> str:
    """A keyed fingerprint to look a sealed value up by: equal values of one purpose give equal indexes.

    64 hexadecimal digits of HMAC-SHA256. The caller normalises the value first (case, spaces). Another purpose gives
    an unrelated index, so two tables cannot be joined on it by accident.
    """
    message = f"{len(purpose)}:{purpose}:{value}".encode()
    return hmac.new(_locksmith().ring.index_key, message, hashlib.sha256).hexdigest()


class Sealed(Field[Any]):
    """What sealed columns share. Never filterable: look rows up by a blind index beside the column."""

    indexable = False
    SQL_TYPE = "BLOB"

    class _db_postgres:  # noqa: N801 — Tortoise finds dialect overrides by this name
        SQL_TYPE = "BYTEA"

    @property
    def purpose(self) -> str:
        """``table.column``: what a value of this column is bound to. A renamed column needs a resealing migration."""
        return f"{self.model._meta.db_table}.{self.source_field or self.model_field_name}"  # noqa: SLF001

    @cached_property
    def _bound_to(self) -> bytes:
        return self.purpose.encode()

    def to_db_value(self, value: Any, instance: type[Model] | Model | None) -> bytes | None:
        """Seal a value on its way into the table."""
        if value is None:
            return None
        if isinstance(instance, type):  # Tortoise passes the class when it builds a filter
            raise TypeError(f"{self.purpose} is sealed and cannot be filtered on: use its blind index")
        self.validate(value)
        return _locksmith().seal(self._bound_to, self._encode(value))

    def to_python_value(self, value: Any) -> Any:
        """Open a value that comes from the table; a value given by Python code passes as it is."""
        if isinstance(value, bytes | memoryview):
            return self._decode(_locksmith().unseal(self._bound_to, bytes(value)))
        return value

    def _encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def _decode(self, data: bytes) -> Any:
        raise NotImplementedError


class SealedText(Sealed, Field[_Text]):
    """Text that lies encrypted in the table."""

    field_type = str

    @overload
    def __init__(self: "SealedText[str]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...
    @overload
    def __init__(self: "SealedText[str | None]", *, null: Literal[True], **kwargs: Any) -> None: ...
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def _encode(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"{self.purpose} takes text, not {type(value).__name__}")
        return value.encode()

    def _decode(self, data: bytes) -> str:
        return data.decode()


class SealedBytes(Sealed, Field[_Bytes]):
    """A file that lies encrypted in the table. Write it by ``update``: a new row's bytes count as sealed ones."""

    field_type = bytes

    @overload
    def __init__(self: "SealedBytes[bytes]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...
    @overload
    def __init__(self: "SealedBytes[bytes | None]", *, null: Literal[True], **kwargs: Any) -> None: ...
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def _encode(self, value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"{self.purpose} takes bytes, not {type(value).__name__}")
        return value

    def _decode(self, data: bytes) -> bytes:
        return data


class SealedJson(Sealed, Field[_Json]):
    """A JSON object that lies encrypted in the table, sealed as one value (one blob costs a tenth of many fields)."""

    field_type = dict

    @overload
    def __init__(self: "SealedJson[dict[str, Any]]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...
    @overload
    def __init__(self: "SealedJson[dict[str, Any] | None]", *, null: Literal[True], **kwargs: Any) -> None: ...
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def _encode(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def _decode(self, data: bytes) -> Any:
        return orjson.loads(data)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a datetime without a zone: nobody knows which moment that is."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a datetime without a time zone does not name a moment")
    return moment.astimezone(UTC)


def moment(value: datetime | str | None) -> datetime | None:
    """A moment as it came out of a table, aware, in UTC: PostgreSQL gives it so, SQLite keeps it as text."""
    return utc(datetime.fromisoformat(value)) if isinstance(value, str) else value


def opened(model: type[Model], column: str, value: bytes | None) -> Any:
    """What a sealed column of a row holds that was read without its model. Raises SealBroken."""
    return model._meta.fields_map[column].to_python_value(value)  # noqa: SLF001


class UtcDatetime(fields.DatetimeField[_Time]):
    """A moment. Values and filter parameters become UTC here, since SQLite compares datetimes as text."""

    @overload
    def __init__(self: "UtcDatetime[datetime]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...
    @overload
    def __init__(self: "UtcDatetime[datetime | None]", *, null: Literal[True], **kwargs: Any) -> None: ...
    def __init__(self, **kwargs: Any) -> None:  # no auto_now: the time comes from the Clock
        super().__init__(**kwargs)  # type: ignore[misc]

    def to_db_value(self, value: Any, instance: type[Model] | Model | None) -> Any:  # noqa: ARG002
        """An aware datetime in UTC. Raises ValueError for a naive one."""
        return None if value is None else utc(value)

    def to_python_value(self, value: Any) -> datetime | None:
        """An aware datetime in UTC, from the text SQLite keeps or the datetime PostgreSQL gives."""
        if value is None:
            return None
        return utc(datetime.fromisoformat(value) if isinstance(value, str) else value)
