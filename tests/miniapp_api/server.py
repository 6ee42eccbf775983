"""A door in a process of its own: ``python -m tests.miniapp_api.server URL FOLDER``; prints its port and serves."""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from casework.deps import Deps
from casework.settings import load_settings
from domain.policy.loader import load_rulebook
from gateways.http import open_session
from gateways.wechat import WeChatClient
from miniapp_api.app import make_app
from models.db import KeyRing, open_database
from tests.casework.town import StrongRandom
from tests.miniapp_api.people import NoSms, QuietQueue, TurnedClock
from tests.seal import a_seal

KEYRING = KeyRing(current="test-1", keys={"test-1": b"t" * 32}, index_key=b"x" * 32)


async def main(url: str, folder: Path) -> None:
    clock = TurnedClock()
    async with open_database(url, KEYRING), open_session() as session:
        client = WeChatClient(session, base_url="http://127.0.0.1:9", appid="-", secret="-", clock=clock.now)
        deps = Deps(
            settings=load_settings({"TONGBAN_VAR": str(folder)}), clock=clock, random=StrongRandom(),
            rulebook=load_rulebook(), mini_program=client, sms=NoSms(), queue=QuietQueue(), seal=a_seal(),
        )  # fmt: skip
        runner = web.AppRunner(make_app(deps), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
