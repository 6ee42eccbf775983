"""Every setting, read once from the environment: the only place that names one. ``docs/settings.md`` lists them."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from domain.terms import NoticeKind, StaffRole

SECRETS_FILE = "secrets.json"
MOST_PROCESSES = 64
MOST_BITS = 24  # half a minute and more on a phone
TRUST_FILE = "letter-trust.pem"
_SEALS = ("ES256", "EdDSA", "PS256", "SM2")
_AES_KEY = re.compile(r"[0-9A-Za-z+/]{43}")  # 32 bytes in base64 without the last "="


class BadSettings(Exception):
    """One or more settings are missing or wrong; ``problems`` says all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class WeChatApp:
    """One app registered with WeChat. ``aes_key_previous`` still decrypts for a while after a change.

    ``push_format``: xml, or json as a mini-program's administrator may choose.
    """

    appid: str
    secret: str
    token: str
    aes_key: str
    aes_key_previous: str | None
    push_mode: str
    push_format: str = "xml"


@dataclass(frozen=True)
class SealFile:
    """The platform's seal: a PKCS#12 with its password. ``retired``: PEM of certificates that sealed before it.

    ``trust`` is where the certificates are written that verify letters offline. ``sm2_key`` is used by SM2 alone: an
    encrypted key with the same password.
    """

    file: Path
    password: str = field(repr=False)
    algorithm: str
    retired: Path | None
    trust: Path
    sm2_key: Path


@dataclass(frozen=True)
class PassKeyFile:
    """The key that signs offline passes: PEM with its password. ``retired``: PEM of public keys still to be read.

    ``trust`` is where the public keys are written that readers trust.
    """

    file: Path
    password: str = field(repr=False)
    retired: Path | None
    trust: Path


@dataclass(frozen=True)
class Settings:
    """All settings of one process."""

    var: Path
    database_url: str
    redis_url: str | None
    processes: int
    host: str
    port: int
    console_host: str
    console_port: int
    second_factor_roles: frozenset[StaffRole]
    sandbox_host: str
    sandbox_port: int
    sms_sandbox_port: int
    wechat_base_url: str | None
    miniapp: WeChatApp
    official_account: WeChatApp
    template_ids: Mapping[str, str]
    account_template_ids: Mapping[str, str]
    sms_url: str | None
    sms_account: str
    sms_secret: str
    sms_reports: bool
    signer_check_url: str | None
    signer_check_account: str
    signer_check_secret: str = field(repr=False)
    seal_keys: Mapping[str, bytes]
    seal_key_current: str
    seal_cipher: str
    index_key: bytes
    challenge_bits: int
    platform_seal: "SealFile"
    pass_key: "PassKeyFile | None"
    pass_issuer: str
    evidence_digest: str
    public_url: str | None
    letters: Path | None
    fonts: tuple[Path, ...]
    feed_folder: Path

    def verify_url(self, number: str) -> str:
        """Where anybody verifies a letter: what its QR code says."""
        base = self.public_url or f"http://{self.host}:{self.port}"
        return f"{base.rstrip('/')}/verify/{number}"

    @property
    def place(self) -> str:
        """Names this installation in a Redis it may share with others: drawn from where its database is."""
        at = urlsplit(self.database_url)
        return hashlib.sha256(f"{at.hostname}:{at.port}{at.path}".encode()).hexdigest()[:12]

    @property
    def sandboxed(self) -> bool:
        """True when the outside is our own sandbox: no WeChat address was given."""
        return self.wechat_base_url is None


class _Reader:
    """Reads settings one by one and collects every problem."""

    def __init__(self, env: Mapping[str, str], own: Mapping[str, str]) -> None:
        self.env, self.own = env, own
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.env.get(name) or default

    def optional(self, name: str) -> str | None:
        return self.env.get(name) or None

    def secret(self, name: str) -> str:
        """A secret has no default: it comes from the environment or from the secrets file made for this place."""
        value = self.env.get(name) or self.own.get(name, "")
        if not value:
            self.problems.append(f"{name} is missing")
        return value

    def port(self, name: str, default: int) -> int:
        raw = self.env.get(name) or str(default)
        if raw.isdecimal() and 0 <= int(raw) <= 65535:
            return int(raw)
        self.problems.append(f"{name} must be a port number from 0 to 65535")
        return default

    def roles(self, name: str) -> frozenset[StaffRole]:
        raw = [word.strip() for word in (self.env.get(name) or "").split(",") if word.strip()]
        try:
            return frozenset(StaffRole(word) for word in raw)
        except ValueError:
            self.problems.append(f"{name} must name roles: {', '.join(StaffRole)}")
            return frozenset()

    def number(self, name: str, least: int, most: int) -> int:
        raw = self.env.get(name) or str(least)
        if raw.isdecimal() and least <= int(raw) <= most:
            return int(raw)
        self.problems.append(f"{name} must be a number from {least} to {most}")
        return least

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        raw = self.env.get(name)
        if raw and urlsplit(raw).scheme not in schemes:
            self.problems.append(f"{name} must start with {' or '.join(s + '://' for s in schemes)}")
        return raw or None

    def key(self, name: str, text: str, size: int) -> bytes:
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != size and text:
            self.problems.append(f"{name} must be {size} bytes in base64")
        return key

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.env.get(name) or default
        if value not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}")
        return value


def _app(read: _Reader, prefix: str, formats: tuple[str, ...]) -> WeChatApp:
    aes_key = read.secret(f"{prefix}_AES_KEY")
    previous = read.optional(f"{prefix}_AES_KEY_PREVIOUS")
    for name, key in ((f"{prefix}_AES_KEY", aes_key), (f"{prefix}_AES_KEY_PREVIOUS", previous)):
        if key and not _AES_KEY.fullmatch(key):
            read.problems.append(f"{name} must have 43 letters and digits")
    return WeChatApp(
        appid=read.secret(f"{prefix}_APPID"),
        secret=read.secret(f"{prefix}_SECRET"),
        token=read.secret(f"{prefix}_TOKEN"),
        aes_key=aes_key,
        aes_key_previous=previous,
        push_mode=read.choice(f"{prefix}_PUSH_MODE", "safe", ("plain", "compatible", "safe")),
        push_format=read.choice(f"{prefix}_PUSH_FORMAT", formats[0], formats),
    )


def _seal_keys(read: _Reader) -> tuple[dict[str, bytes], str]:
    """``id:base64,id:base64`` – the first one seals, all of them open."""
    keys: dict[str, bytes] = {}
    for part in read.secret("TONGBAN_SEAL_KEYS").split(","):
        key_id, _, text = part.strip().partition(":")
        if key_id:
            keys[key_id] = read.key("TONGBAN_SEAL_KEYS", text, 32)
    return keys, next(iter(keys), "")


def _platform_seal(read: _Reader, var: Path, index_key: bytes, *, sandboxed: bool) -> SealFile:
    """The operator's seal; in the sandbox one of our own under ``var``, its password drawn from the index key."""
    given, retired = read.optional("TONGBAN_SEAL_P12"), read.optional("TONGBAN_SEAL_RETIRED")
    own, own_sm2 = var / "seal.p12", var / "seal-sm2.pem"
    sm2_key, algorithm = read.optional("TONGBAN_SEAL_SM2_KEY"), read.choice("TONGBAN_SEAL_ALGORITHM", "ES256", _SEALS)
    if given is None and not sandboxed and not own.exists():
        read.problems.append("TONGBAN_SEAL_P12 is missing: with a real WeChat letters are sealed by a key of your own")
    if algorithm == "SM2" and sm2_key is None and not sandboxed and not own_sm2.exists():
        read.problems.append(
            "TONGBAN_SEAL_SM2_KEY is missing: with a real WeChat evidence is sealed by a key of your own"
        )
    files = {"TONGBAN_SEAL_P12": given, "TONGBAN_SEAL_RETIRED": retired, "TONGBAN_SEAL_SM2_KEY": sm2_key}
    for name, path in files.items():
        if path and not Path(path).is_file():
            read.problems.append(f"{name} names no file")
    return SealFile(
        file=Path(given) if given else own,
        password=read.secret("TONGBAN_SEAL_P12_PASSWORD") if given else _own_password(index_key),
        algorithm=algorithm,
        retired=Path(retired) if retired else None,
        trust=var / TRUST_FILE,
        sm2_key=Path(sm2_key) if sm2_key else own_sm2,
    )


def _pass_key(read: _Reader, var: Path, index_key: bytes, *, sandboxed: bool) -> PassKeyFile | None:
    """The issuer's key; in the sandbox one of our own under ``var``. With a real WeChat, none: no offline passes."""
    given, retired = read.optional("TONGBAN_PASS_KEY"), read.optional("TONGBAN_PASS_RETIRED")
    for name, path in {"TONGBAN_PASS_KEY": given, "TONGBAN_PASS_RETIRED": retired}.items():
        if path and not Path(path).is_file():
            read.problems.append(f"{name} names no file")
    if given is None and not sandboxed:
        return None
    own = _own_password(index_key, b"password of the key of offline passes")
    return PassKeyFile(
        file=Path(given) if given else var / "pass-key.pem",
        password=read.secret("TONGBAN_PASS_KEY_PASSWORD") if given else own,
        retired=Path(retired) if retired else None,
        trust=var / "pass-issuers.pem",
    )


def _own_password(index_key: bytes, purpose: bytes = b"password of the self-signed seal") -> str:
    return hmac.digest(index_key or b"-", purpose, "sha256").hex()


def _fonts(read: _Reader) -> tuple[Path, ...]:
    folders = tuple(Path(name) for name in (read.optional("TONGBAN_FONTS") or "").split(os.pathsep) if name)
    if not all(folder.is_dir() for folder in folders):
        read.problems.append("TONGBAN_FONTS must name folders that are there")
    return folders


def _template_ids(read: _Reader) -> dict[str, str]:
    return {kind: read.text(f"TONGBAN_TEMPLATE_{kind.upper()}", f"tb-{kind}") for kind in NoticeKind}


def _account_template_ids(read: _Reader) -> dict[str, str]:
    return {kind: read.text(f"TONGBAN_OA_TEMPLATE_{kind.upper()}", f"oa-{kind}") for kind in NoticeKind}


def load_settings(env: Mapping[str, str]) -> Settings:
    """Read all settings.

    Secrets that the environment does not give are read from ``secrets.json`` in ``TONGBAN_VAR``; where WeChat is the
    sandbox, that file is made on the first start with random values. With a real WeChat nothing is made up.

    Raises:
        BadSettings: with every problem at once.
    """
    var = _var(env)
    sandboxed = not env.get("TONGBAN_WECHAT_BASE_URL")
    read = _Reader(env, _own_secrets(var, make=sandboxed))
    seal_keys, current = _seal_keys(read)
    index_key = read.key("TONGBAN_INDEX_KEY", read.secret("TONGBAN_INDEX_KEY"), 32)
    letters, checks = read.optional("TONGBAN_LETTERS"), read.url("TONGBAN_SIGNER_CHECK_URL", ("http", "https"))
    settings = Settings(
        var=var,
        database_url=read.url("TONGBAN_DATABASE_URL", ("postgres", "sqlite")) or f"sqlite://{var}/tongban.sqlite3",
        redis_url=read.url("TONGBAN_REDIS_URL", ("redis", "rediss")),
        processes=read.number("TONGBAN_PROCESSES", 1, MOST_PROCESSES),
        host=read.text("TONGBAN_HOST", "127.0.0.1"),
        port=read.port("TONGBAN_PORT", 8080),
        console_host=read.text("TONGBAN_CONSOLE_HOST", "127.0.0.1"),
        console_port=read.port("TONGBAN_CONSOLE_PORT", 8081),
        second_factor_roles=read.roles("TONGBAN_CONSOLE_SECOND_FACTOR"),
        sandbox_host="127.0.0.1",
        sandbox_port=read.port("TONGBAN_SANDBOX_PORT", 8082),
        sms_sandbox_port=read.port("TONGBAN_SMS_SANDBOX_PORT", 8083),
        wechat_base_url=read.url("TONGBAN_WECHAT_BASE_URL", ("http", "https")),
        miniapp=_app(read, "TONGBAN_MINIAPP", ("json", "xml")),
        official_account=_app(read, "TONGBAN_OA", ("xml",)),
        template_ids=_template_ids(read),
        account_template_ids=_account_template_ids(read),
        sms_url=read.url("TONGBAN_SMS_URL", ("http", "https")),
        sms_account=read.secret("TONGBAN_SMS_ACCOUNT"),
        sms_secret=read.secret("TONGBAN_SMS_SECRET"),
        sms_reports=read.choice("TONGBAN_SMS_REPORTS", "yes" if sandboxed else "no", ("yes", "no")) == "yes",
        signer_check_url=checks,
        signer_check_account=read.secret("TONGBAN_SIGNER_CHECK_ACCOUNT") if checks else "",
        signer_check_secret=read.secret("TONGBAN_SIGNER_CHECK_SECRET") if checks else "",
        seal_keys=seal_keys,
        seal_key_current=current,
        seal_cipher=read.choice("TONGBAN_SEAL_CIPHER", "aes-256-gcm", ("aes-256-gcm", "sm4-gcm")),
        challenge_bits=read.number("TONGBAN_CHALLENGE_BITS", 0, MOST_BITS),
        index_key=index_key,
        platform_seal=_platform_seal(read, var, index_key, sandboxed=sandboxed),
        pass_key=_pass_key(read, var, index_key, sandboxed=sandboxed),
        pass_issuer=read.text("TONGBAN_PASS_ISSUER", "tongban"),
        evidence_digest=read.choice("TONGBAN_EVIDENCE_DIGEST", "sha256", ("sha256", "sm3")),
        public_url=read.url("TONGBAN_PUBLIC_URL", ("http", "https")),
        letters=Path(letters) if letters else None,
        fonts=_fonts(read),
        feed_folder=Path(read.text("TONGBAN_FEED_FOLDER", str(var / "feed"))).absolute(),
    )
    _insist_together(read, settings)
    if read.problems:
        raise BadSettings(read.problems)
    return settings


def _insist_together(read: _Reader, settings: Settings) -> None:
    """What one setting asks of another."""
    if settings.processes > 1 and not (settings.redis_url and settings.database_url.startswith("postgres")):
        read.problems.append("TONGBAN_PROCESSES above 1 needs a PostgreSQL and a Redis that all of them reach")
    if not settings.sandboxed and not settings.sms_url:
        read.problems.append("TONGBAN_SMS_URL is missing: with a real WeChat the SMS provider must be real too")


def trust_file(env: Mapping[str, str]) -> Path:
    """Where the certificates stand that verify letters, for whoever has nothing else of the settings."""
    return _var(env) / TRUST_FILE


def _var(env: Mapping[str, str]) -> Path:
    return Path(env.get("TONGBAN_VAR") or "var").absolute()


def _own_secrets(var: Path, *, make: bool) -> dict[str, str]:
    """The secrets made for this place. Raises BadSettings when their file cannot be made or read."""
    try:
        return _read_secrets(var / SECRETS_FILE, make=make)
    except (OSError, ValueError) as trouble:
        why = f"TONGBAN_VAR: {var / SECRETS_FILE} cannot be made or read ({type(trouble).__name__})"
        raise BadSettings([why]) from None


def _read_secrets(path: Path, *, make: bool) -> dict[str, str]:
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(path, json.dumps(_fresh_secrets(), indent=1))
    if not path.exists():
        return {}
    own: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return own


def _write_private(path: Path, text: str) -> None:
    """Write readable by the owner only, whole or not at all; the first of two starts wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _fresh_secrets() -> dict[str, str]:
    def b64(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).decode()

    fresh = {"TONGBAN_SEAL_KEYS": f"k1:{b64(32)}", "TONGBAN_INDEX_KEY": b64(32)}
    for prefix, appid in (("TONGBAN_MINIAPP", "wxsandboxminiapp"), ("TONGBAN_OA", "wxsandboxaccount")):
        fresh |= {
            f"{prefix}_APPID": appid,
            f"{prefix}_SECRET": secrets.token_hex(16),
            f"{prefix}_TOKEN": secrets.token_hex(8),
            f"{prefix}_AES_KEY": b64(32)[:43],
        }
    return fresh | {"TONGBAN_SMS_ACCOUNT": "sandbox", "TONGBAN_SMS_SECRET": secrets.token_hex(16)}
