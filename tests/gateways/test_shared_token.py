"""One access token for all processes: whoever is first fetches it, and nobody is told a dead one."""

import asyncio
from datetime import timedelta

from gateways.official_account import OfficialAccountClient
from models.db import Database
from models.store import connection
from models.wechat_token import TokenShelf, WeChatToken
from tests.gateways.outside import ACCOUNT_ID, Sandbox

STABLE = "/cgi-bin/stable_token"


def two_processes(sandbox: Sandbox) -> tuple[OfficialAccountClient, OfficialAccountClient]:
    return sandbox.account(shelf=TokenShelf()), sandbox.account(shelf=TokenShelf())


async def test_many_processes_that_need_a_token_at_once_fetch_one(sandbox: Sandbox, database: Database) -> None:
    clients = [sandbox.account(shelf=TokenShelf()) for _ in range(5)]
    await asyncio.gather(*(client.menu() for client in clients))
    [row] = await WeChatToken.all()
    assert (row.appid, row.fetch, row.leased_until) == (ACCOUNT_ID, 1, None)


async def test_a_token_revoked_is_fetched_anew_by_one_and_believed_by_the_other(
    sandbox: Sandbox, database: Database
) -> None:
    first, second = two_processes(sandbox)
    await first.menu()
    await second.menu()
    await sandbox.post("/sandbox/revoke-tokens", appid=ACCOUNT_ID)
    await first.menu()
    assert (await WeChatToken.get()).fetch == 2
    await second.menu()
    assert (await WeChatToken.get()).fetch == 2


async def test_a_process_that_died_while_asking_is_not_waited_for_longer_than_its_lease(
    sandbox: Sandbox, database: Database
) -> None:
    now = sandbox.clock()
    assert await TokenShelf().lease(ACCOUNT_ID, 0, now, now + timedelta(seconds=8))
    waiting = asyncio.create_task(sandbox.account(shelf=TokenShelf()).menu())
    await asyncio.sleep(0)
    sandbox.clock.turn(seconds=9)
    assert await waiting is None


async def test_a_fetch_that_failed_gives_its_turn_back(sandbox: Sandbox, database: Database) -> None:
    first, second = two_processes(sandbox)
    await sandbox.fault("empty", path=STABLE, times=1)
    assert (await first.send_customer_text(openid="o", text="x")).error == "not_json"
    assert (await second.send_customer_text(openid="o", text="x")).error == "40003"


async def test_the_token_lies_sealed(sandbox: Sandbox, database: Database) -> None:
    await two_processes(sandbox)[0].menu()
    text = (await sandbox.token(ACCOUNT_ID))["access_token"]
    raw = str(await WeChatToken.all().values_list("id", "appid", "fetch"))
    assert text not in raw
    assert (await WeChatToken.get()).token == text


async def test_a_database_that_fails_costs_a_fetch_and_nothing_else(sandbox: Sandbox, database: Database) -> None:
    await connection().execute_script("ALTER TABLE wechat_token RENAME TO elsewhere")
    try:
        assert await sandbox.account(shelf=TokenShelf()).menu() is None
    finally:
        await connection().execute_script("ALTER TABLE elsewhere RENAME TO wechat_token")
