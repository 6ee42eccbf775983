"""The accounts that exist in this sandbox, as an administrator would have set them up in WeChat's console."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from gateways.sandbox.answers import WireError


class AppKind(StrEnum):
    """Which interfaces an account has."""

    MINIAPP = "miniapp"
    OFFICIAL_ACCOUNT = "official_account"


class PushMode(StrEnum):
    """How pushes are protected."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class PushFormat(StrEnum):
    """How pushes are written; Official Accounts know only XML."""

    XML = "xml"
    JSON = "json"


class GivenApp(Protocol):
    """An account as the product's settings name it; each is told in ``casework.settings.WeChatApp``."""

    @property
    def appid(self) -> str: ...  # noqa: D102
    @property
    def secret(self) -> str: ...  # noqa: D102
    @property
    def token(self) -> str: ...  # noqa: D102
    @property
    def aes_key(self) -> str: ...  # noqa: D102
    @property
    def aes_key_previous(self) -> str | None: ...  # noqa: D102
    @property
    def push_mode(self) -> str: ...  # noqa: D102
    @property
    def push_format(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class SandboxApp:
    """One account: its keys and where its pushes go (None: nowhere).

    ``open_account`` names the Open Platform account it is bound to: apps with the same one share unionids; None means
    no unionid is told. ``aes_key_previous`` serves the push defect *old_key*.
    """

    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    push_url: str | None
    push_mode: PushMode
    push_format: PushFormat
    kind: AppKind
    open_account: str | None = "sandbox"
    aes_key_previous: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len(self.aes_key) != 43:
            raise ValueError(f"the EncodingAESKey of {self.appid} must have 43 characters")
        if self.kind is AppKind.OFFICIAL_ACCOUNT and self.push_format is PushFormat.JSON:
            raise ValueError(f"{self.appid} is an Official Account: its pushes are XML")

    @property
    def original_id(self) -> str:
        """The gh_ name that stands in ToUserName of pushes."""
        return "gh_" + sha256(self.appid.encode()).hexdigest()[:12]

    def openid_of(self, user: str) -> str:
        """The same person always has the same openid here, and another one at every other app."""
        return "o" + sha256(f"{self.appid}/{user}".encode()).hexdigest()[:27]

    def unionid_of(self, user: str) -> str | None:
        """The person's name across the apps of one Open Platform account."""
        if self.open_account is None:
            return None
        return "u" + sha256(f"{self.open_account}/{user}".encode()).hexdigest()[:27]


class AppBook:
    """All accounts by appid."""

    def __init__(self, apps: Iterable[SandboxApp]) -> None:
        self._apps = {app.appid: app for app in apps}
        self.frozen: set[str] = set()
        self.allowed_ips: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[SandboxApp]:
        return iter(self._apps.values())

    def find(self, appid: str) -> SandboxApp | None:
        """Return the account or None."""
        return self._apps.get(appid)

    def authenticate(self, appid: str, secret: str, address: str = "127.0.0.1") -> SandboxApp:
        """Check AppID and AppSecret as the token and login endpoints do (41002, 41004, 40013, 40125, 40243, 40164)."""
        if not appid:
            raise WireError(41002)
        if not secret:
            raise WireError(41004)
        app = self._apps.get(appid)
        if app is None:
            raise WireError(40013)
        if app.secret != secret:
            raise WireError(40125)
        if appid in self.frozen:
            raise WireError(40243)
        if address not in self.allowed_ips.get(appid, [address]):
            raise WireError(40164)
        return app


def as_set_up(given: GivenApp, kind: AppKind, push_url: str) -> SandboxApp:
    """The account as its administrator would have set it up for a product with these settings."""
    return SandboxApp(
        appid=given.appid,
        secret=given.secret,
        token=given.token,
        aes_key=given.aes_key,
        aes_key_previous=given.aes_key_previous,
        push_url=push_url,
        push_mode=PushMode(given.push_mode),
        push_format=PushFormat(given.push_format),
        kind=kind,
    )
