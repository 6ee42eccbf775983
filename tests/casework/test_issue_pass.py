"""The offline pass as the citizen asks for it: the own, ready case, for the booked counter on the booked day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from casework.deps import Deps
from casework.hand_off import redeem_code
from casework.issue_pass import issue_pass
from casework.keep_point_key import point_keys, register_point_key, retire_point_key
from casework.read_pass import ReadingDesk, read_pass
from casework.withdraw import withdraw
from domain.offline_pass import OfflinePass, pass_of
from domain.pass_text import join_text
from domain.terms import CaseEventKind
from gateways.pass_envelope import key_id
from models.audit import AuditEntry
from models.case import CaseEvent
from models.point_key import PointKey
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import JIUJIANG, NANCHANG, Town, key
from tests.casework.way import ACROSS, GUANGDONG, MINOR, Kind, Way, at_hour, gone, set_out
from tests.passes import ISSUER, STATION, an_opener, station_key

TODAY, MONDAY = date(2026, 9, 18), date(2026, 9, 21)


class Memory:
    """A list of used passes."""

    def __init__(self) -> None:
        self.known: dict[bytes, datetime] = {}

    def take(self, pass_id: bytes, at: datetime, expires_at: datetime) -> datetime | None:
        before = self.known.get(pass_id)
        self.known.setdefault(pass_id, at)
        return before


@pytest.fixture
def town(town: Town) -> Town:
    town.deps = replace(town.deps, pass_issuer=ISSUER)
    return town


async def give_key(deps: Deps, point: str, seed: int = 1) -> str:
    public = station_key(seed).public_key()
    await register_point_key(deps, point, key_id(public).hex(), public.public_bytes_raw())
    return key_id(public).hex()


async def ready(town: Town, kind: Kind | None = None, stop: str = "signed") -> Way:
    way = await (gone(town, stop, kind) if kind else gone(town, stop))
    await give_key(town.deps, way.kind.point)
    return way


async def passed(way: Way, seed: int = 1) -> OfflinePass:
    view = await issue_pass(way.deps, way.citizen, way.number, key())
    return pass_of(an_opener(station_key(seed)).open(join_text(view.parts)))


@pytest.mark.parametrize("kind", [None, MINOR, GUANGDONG, ACROSS], ids=["adult", "minor", "guangdong", "across"])
async def test_a_pass_carries_the_case_beside_its_checklist(kind: Kind | None, town: Town) -> None:
    """R077: the originals of the counter's own list; R031: who must come; R060, D1: how the letter stands."""
    way = await ready(town, kind)
    given = await passed(way)
    assert (given.point, given.case["number"], given.case["name"]) == (way.kind.point, way.number, "示例甲")
    assert given.case["identity_number"] == way.identity_number
    assert given.case["visit_starts_at"] == at_hour(TODAY, 15)
    letters = {None: "signed", MINOR: "signed", GUANGDONG: "not_required", ACROSS: "on_paper"}
    assert given.case["letter"] == letters[kind]
    assert ("letter_digest" in given.case) == (given.case["letter"] == "signed")
    minor = kind is MINOR
    assert given.case["who_must_come"] == (("applicant", "guardian") if minor else ("applicant",))
    assert ("guardian_name" in given.case, "guardian_id_card" in str(given.case["materials"])) == (minor, minor)
    assert ("post_address" in given.case) == (kind is GUANGDONG)


async def test_a_pass_is_good_on_the_booked_day_and_read_once(town: Town) -> None:
    way = await set_out(town)
    await way.open()
    await way.book(at_hour(MONDAY, 9))
    await way.sign()
    await give_key(town.deps, NANCHANG)
    parts = (await issue_pass(town.deps, way.citizen, way.number, key())).parts
    desk = ReadingDesk(an_opener(), Memory(), town.clock)
    with refused("pass_not_yet", day=datetime(2026, 9, 20, 16, tzinfo=UTC)):
        read_pass(desk, parts)
    town.clock.set(MONDAY)
    assert read_pass(desk, parts).read_before is None
    first = town.clock.now()
    town.clock.turn(minutes=3)
    with refused("pass_used", at=first):
        read_pass(desk, parts)
    assert read_pass(desk, parts, again=True).read_before == first
    town.clock.set(MONDAY + timedelta(days=1))
    with refused("pass_expired"):
        read_pass(desk, parts)


async def test_a_case_that_is_not_ready_gets_no_pass(town: Town) -> None:
    for stop, missing in (("open", ["booking", "letter_signature"]), ("booked", ["letter_signature"])):
        way = await ready(town, stop=stop)
        with refused("not_ready_for_handoff", missing=missing):
            await passed(way)


async def test_a_visit_that_is_over_gets_no_pass(town: Town) -> None:
    way = await ready(town)
    town.clock.set(TODAY + timedelta(days=1))
    with refused("not_ready_for_handoff", missing=["booking"]):
        await passed(way)


async def test_a_point_without_a_key_and_a_service_without_an_issuer_offer_none(town: Town) -> None:
    way = await gone(town, "signed")
    with refused("pass_not_offered"):
        await passed(way)
    await give_key(town.deps, NANCHANG)
    with refused("pass_not_offered"):
        await issue_pass(replace(town.deps, pass_issuer=None), way.citizen, way.number, key())
    assert await passed(way)


async def test_another_account_gets_no_pass_and_an_ended_case_none_either(town: Town) -> None:
    """C6.9, V8.2.2."""
    way, stranger = await ready(town), await town.newcomer()
    with refused("case_not_found"):
        await issue_pass(town.deps, stranger, way.number, key())
    await withdraw(town.deps, way.citizen, way.number, key())
    with refused("case_already_ended"):
        await passed(way)


async def test_only_the_digest_of_a_pass_stays_here(town: Town) -> None:
    way = await ready(town)
    text = (await issue_pass(town.deps, way.citizen, way.number, key())).parts[0]
    event = await CaseEvent.get(kind=CaseEventKind.PASS_ISSUED)
    assert set(event.facts) == {"digest", "station_key"}
    assert event.facts["digest"].startswith("sha256:")
    assert (event.words, text in str(event.facts)) == (None, False)


async def test_a_repeat_gets_the_same_pass_and_another_request_another(town: Town) -> None:
    way, tap = await ready(town), key()
    first = await issue_pass(town.deps, way.citizen, way.number, tap)
    assert await issue_pass(town.deps, way.citizen, way.number, tap) == first
    assert (await passed(way)).id != (await passed(way)).id
    assert await CaseEvent.filter(kind=CaseEventKind.PASS_ISSUED).count() == 3


async def test_a_pass_leaves_the_online_code_good(town: Town) -> None:
    way = await ready(town)
    code = await way.code()
    await passed(way)
    assert await redeem_code(town.deps, await town.clerk(), code) == way.number


async def test_the_newest_key_of_a_point_is_taken_and_a_retired_one_never(town: Town) -> None:
    way = await ready(town)
    newer = await give_key(town.deps, NANCHANG, 2)
    assert await passed(way, 2)
    await retire_point_key(town.deps, newer)
    assert await passed(way, 1)
    with refused("point_key_unknown"):
        await retire_point_key(town.deps, newer)
    assert [(view.point, view.retired_at is None) for view in await point_keys(town.deps)] == [
        (NANCHANG, False),
        (NANCHANG, True),
    ]


async def test_a_key_belongs_to_one_point_and_registering_is_on_record(town: Town) -> None:
    public = STATION.public_key()
    given = (NANCHANG, key_id(public).hex(), public.public_bytes_raw())
    assert [await register_point_key(town.deps, *given) for _ in range(2)] == [True, False]
    with refused("point_key_of_another"):
        await give_key(town.deps, JIUJIANG)
    with refused("station_not_found"):
        await give_key(town.deps, "nowhere")
    assert await AuditEntry.filter(act="register_point_key").count() == 1


async def test_of_registrations_at_once_one_is_new(town: Town) -> None:
    assert await at_once(give_key(town.deps, NANCHANG) for _ in range(5)) == {DONE: 5}
    assert await PointKey.all().count() == 1
