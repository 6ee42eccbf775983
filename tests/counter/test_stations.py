"""The operator's page for station systems: a word is shown once, keys overlap while they change, and end at once."""

import re

import pytest

from casework.deps import Deps
from gateways.station_signing import make_signing_key
from models.audit import AuditEntry
from models.staff import StationKey, StationSystem, public_keys_of
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Page
from tests.counter.people import CENTRE_KEY, HOUSEHOLD_KEY, SECRET
from tests.counter.stations import body_of, signed
from tests.workers.wiring import TurnedClock

NEW = {"id": "jx-review-2", "name": "示例审核系统", "division": "360000", "duty": "review"}


def told(page: Page) -> tuple[str, str]:
    """Id and word, as they stand on the page once."""
    key_id = re.search(r"编号 <strong class=\"number\">([^<]+)<", page.html)
    word = re.search(r"共享密钥 <strong class=\"number\">([^<]+)<", page.html)
    assert key_id is not None, page.text
    assert word is not None, page.text
    return key_id[1], word[1]


async def asked(console: Console, clock: TurnedClock, key_id: str, word: str) -> str:
    """What the station API says to a report about nobody, signed with this word: the case, or the key, is unknown."""
    body = body_of("3601022026111800000099", "review_started", clock.now())
    async with console.client.post(
        "/station/v1/reports", data=body, headers=signed(body, clock.now(), key_id, word)
    ) as answer:
        return str((await answer.json())["code"])


async def test_a_new_system_reports_with_the_word_shown_once(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    console = await at_desk("operator")
    page = await console.send(await console.get("/stations"), "/stations", NEW)
    assert page.status == 200, page.text
    key_id, word = told(page)
    assert len(word) >= 32
    assert word not in (await console.get("/stations")).html
    system = await StationSystem.get(key_id="jx-review-2")
    assert (system.side, system.division, "issued" in system.kinds, "accepted" in system.kinds) == (
        "household", "360000", True, False,
    )  # fmt: skip
    assert await asked(console, clock, key_id, word) == "case_not_found"
    entry = await AuditEntry.get(act="add_station_system")
    assert word not in str(entry.facts)
    again = await console.send(await console.get("/stations"), "/stations", NEW)
    assert (again.status, again.refused) == (409, "station_id_taken")


async def test_two_words_are_good_while_a_station_changes_and_the_old_one_ends_at_once(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    console, at = await at_desk("operator"), f"/stations/{HOUSEHOLD_KEY}"
    token = {"csrf_token": await console.csrf_token()}
    key_id, word = told(await console.post(at, {**token, "act": "word"}))
    assert [await asked(console, clock, HOUSEHOLD_KEY, SECRET), await asked(console, clock, key_id, word)] == [
        "case_not_found"
    ] * 2
    assert (await console.post(at, {**token, "act": "end", "key_id": HOUSEHOLD_KEY})).location == "/stations?done=end"
    assert await asked(console, clock, HOUSEHOLD_KEY, SECRET) == "reporter_unknown"
    assert await asked(console, clock, HOUSEHOLD_KEY, "") == "reporter_unknown"
    assert await asked(console, clock, key_id, word) == "case_not_found"
    gone = await console.post(at, {**token, "act": "end", "key_id": HOUSEHOLD_KEY})
    assert (gone.status, gone.refused) == (404, "station_key_not_found")
    assert (await console.post(at, {**token, "act": "end", "key_id": key_id})).status == 303
    assert await asked(console, clock, key_id, word) == "reporter_unknown"


async def test_a_public_key_is_registered_under_the_stations_name_for_it_and_taken_back(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    console, at = await at_desk("operator"), f"/stations/{CENTRE_KEY}"
    page, (private, public) = await console.get("/stations"), make_signing_key()
    typed = {"act": "key", "key_id": "centre-2027", "public_key": public.replace("\n", "\r\n")}
    for wrong in (private, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "x" * 3000):
        refused = await console.send(page, at, {**typed, "public_key": wrong}, act="key")
        assert (refused.status, refused.refused) == (422, "station_key_unreadable")
        assert private not in str(await StationKey.all().values())
    assert (await console.send(page, at, typed, act="key")).location == "/stations?done=key"
    system = await StationSystem.get(key_id=CENTRE_KEY)
    assert await public_keys_of(system.id, clock.now()) == {"centre-2027": public}
    other = await console.send(page, f"/stations/{HOUSEHOLD_KEY}", typed, act="key")
    assert (other.status, other.refused) == (409, "station_id_taken")
    assert (await console.send(page, at, {"key_id": "centre-2027", "act": "end"}, act="key")).status == 303
    assert await public_keys_of(system.id, clock.now()) == {}


async def test_a_closed_system_is_believed_nothing_until_it_is_opened(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    console, at = await at_desk("operator"), f"/stations/{HOUSEHOLD_KEY}"
    token = {"csrf_token": await console.csrf_token()}
    for act, answer in (("close", "reporter_unknown"), ("open", "case_not_found")):
        assert (await console.post(at, {**token, "act": act})).status == 303
        assert await asked(console, clock, HOUSEHOLD_KEY, SECRET) == answer
    assert [one.act for one in await AuditEntry.filter(act__contains="station_system").order_by("id")] == [
        "close_station_system",
        "open_station_system",
    ]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"id": "有 空格"}, "station_id_malformed"),
        ({"id": HOUSEHOLD_KEY}, "station_id_taken"),
        ({"division": "999999"}, "division_unknown"),
        ({"division": "江西省"}, "division_unknown"),
        ({"duty": "everything"}, "malformed"),
        ({"name": ""}, "malformed"),
    ],
)
async def test_a_system_that_makes_no_sense_is_refused_and_what_was_typed_stays(
    wrong: dict[str, str], code: str, at_desk: OpenConsole, deps: Deps
) -> None:
    console = await at_desk("operator")
    before = await StationSystem.all().count()
    refused = await console.send(await console.get("/stations"), "/stations", {**NEW, **wrong})
    assert refused.refused == code
    assert refused.form("/stations", id=wrong.get("id", NEW["id"]))
    assert await StationSystem.all().count() == before


async def test_keys_are_the_operators_after_proving_who_is_there(at_desk: OpenConsole, clock: TurnedClock) -> None:
    for username in ("clerk-nc", "supervisor", "auditor"):
        assert (await (await at_desk(username)).get("/stations")).refused == "staff_role_missing"
    console = await at_desk("operator")
    clock.turn(minutes=10)
    refused = await console.send(await console.get("/stations"), "/stations", NEW)
    assert (refused.status, refused.refused) == (403, "proof_needed")
    missing = await console.post("/stations/nobody", {"csrf_token": await console.csrf_token(), "act": "word"})
    assert missing.refused in {"proof_needed", "station_system_not_found"}
