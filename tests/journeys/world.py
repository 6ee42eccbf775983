"""Where the service is and with which logins its people come."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0


@dataclass(frozen=True)
class World:
    """One running service with its sandboxes. ``station_keys``: the folder of the demo stations' private keys.

    ``patience``: seconds a notice may take before it counts as lost.
    """

    base_url: str
    console_url: str
    wechat_url: str
    sms_url: str
    miniapp_appid: str
    clerks: Mapping[str, str]
    systems: Mapping[str, str]
    station_keys: Path
    signing_keys: Mapping[str, str]
    feed_folder: Path | None
    out: Path
    patience: float = PATIENCE
    loud: bool = True

    def say(self, line: str) -> None:
        """A progress line."""
        if self.loud:
            print(line, flush=True)
