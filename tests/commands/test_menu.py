"""``run.py menu``: the menu under the chat, put, shown and taken away; and the sandbox never beside a real WeChat."""

from dataclasses import replace
from pathlib import Path

import pytest

import run
from casework.settings import load_settings
from tests.gateways.conftest import MakeSandbox, make_sandbox, session
from tests.workers.wiring import TurnedClock

__all__ = ["make_sandbox", "session"]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


async def test_the_menu_is_put_shown_and_taken_away(make_sandbox: MakeSandbox, tmp_path: Path) -> None:
    settings = load_settings({"TONGBAN_VAR": str(tmp_path)})
    sandbox = await make_sandbox(apps=run.sandbox_apps(settings))
    settings = replace(settings, wechat_base_url=str(sandbox.base))
    assert await run._menu("show", settings) == "There is no menu."
    assert "put" in await run._menu("put", settings)
    assert "办理指南" in await run._menu("show", settings)
    assert "taken away" in await run._menu("delete", settings)
    assert await run._menu("show", settings) == "There is no menu."


async def test_the_sandbox_is_not_served_beside_a_real_wechat(tmp_path: Path) -> None:
    settings = load_settings({"TONGBAN_VAR": str(tmp_path)})
    with pytest.raises(SystemExit, match="real WeChat"):
        await run._sandbox(replace(settings, wechat_base_url="https://api.weixin.qq.com"))
