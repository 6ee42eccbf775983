"""The one place beneath wechatpy: its cipher and its XML reader cost two thirds of a push (docs/benchmarks.md, F5).

Same bytes, same rules; the tests hold both against the sandbox's own reading of the protocol, and against wechatpy's.
"""

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from hashlib import sha1
from typing import Any, Final
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK: Final = 32  # of the padding; the cipher's own is 16
_DEEPEST: Final = 6  # elements inside each other; a push has four


class Cipherer:
    """The AES of one key of one app: AES-256-CBC, sixteen random bytes, the length, the text, the appid."""

    def __init__(self, aes_key: str, appid: str) -> None:
        key = b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES256(key), modes.CBC(key[:16]))
        self._appid = appid.encode()

    def open(self, sealed: str) -> str:
        """Return the text. Raises ValueError for whatever was not sealed with this key for this app."""
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(b64decode(sealed, validate=True)) + decryptor.finalize()
        pad = padded[-1] if padded else 0
        if not 1 <= pad <= _BLOCK or not padded.endswith(bytes((pad,)) * pad):
            raise ValueError("bad padding")
        end = 20 + int.from_bytes(padded[16:20], "big")
        if not hmac.compare_digest(padded[end:-pad], self._appid):
            raise ValueError("another app's")
        return padded[20:end].decode()

    def seal(self, text: str) -> str:
        """Return the base64 text that stands in ``Encrypt``."""
        inside = text.encode()
        framed = secrets.token_bytes(16) + len(inside).to_bytes(4, "big") + inside + self._appid
        pad = _BLOCK - len(framed) % _BLOCK
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(framed + bytes((pad,)) * pad) + encryptor.finalize()).decode()


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts: the protocol's choice, not ours."""
    return sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324


_TEXT: Final = r"\t\n\x20-\x25\x27-\x3b\x3d-\x5c\x5e-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"  # without & < ]
_ELEMENT: Final = re.compile(rf"<([A-Za-z][A-Za-z0-9_]*)>(?:<!\[CDATA\[([{_TEXT}&<]*)\]\]>|([{_TEXT}]*))</\1>[\t\n ]*")


def read_xml(body: bytes | str) -> dict[str, Any]:
    """The elements inside ``<xml>``: text, or a mapping of those inside; one that is repeated becomes a list.

    Raises ExpatError or ValueError: no document type, no entity, no attribute and no depth belongs into a push.
    """
    plain = _read_plain(body)
    return _read_any(body) if plain is None else plain


def _read_plain(body: bytes | str) -> dict[str, Any] | None:
    """A push as WeChat writes nearly all of them: a row of elements, none twice, each of text; None for any other."""
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        return None
    if not text.startswith("<xml>"):
        return None
    at, found = len("<xml>"), dict[str, Any]()
    while element := _ELEMENT.match(text, at):
        name, marked, bare = element.groups()
        if name in found:
            return None
        found[name] = (bare if marked is None else marked).strip() or None
        at = element.end()
    return found if text[at:] == "</xml>" else None


def _read_any(body: bytes | str) -> dict[str, Any]:
    parser, reader = expat.ParserCreate(), _Reader()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _forbidden
    parser.Parse(body, True)
    return reader.found


class _Reader:
    """Holds the elements that are open, and the text since the last mark."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.text: list[str] = []
        self._open: list[dict[str, Any]] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if attributes or len(self._open) >= _DEEPEST or (not self._open and name != "xml"):
            raise ValueError("no push looks like that")
        self._open.append({} if self._open else self.found)
        self.text.clear()

    def end(self, name: str) -> None:
        inside = self._open.pop()
        if not self._open:
            return
        value: Any = inside or "".join(self.text).strip() or None
        around = self._open[-1]
        if name in around:
            known = around[name]
            around[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            around[name] = value
        self.text.clear()


def _forbidden(*_: object) -> None:
    raise ValueError("a push has no document type")
