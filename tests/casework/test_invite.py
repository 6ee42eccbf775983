"""Services on trial serve those they call in (R019)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from casework.book import book
from casework.callers import Officer
from casework.find_place import points_for
from casework.invite import bring, invite, my_invitations, trial_page, try_out, withdraw_invitation
from casework.open_case import open_case
from domain.terms import ServiceItem, StaffRole
from tests.casework.refused import refused
from tests.casework.town import GUANGZHOU, ITEM, NANCHANG, SMALL, Town, key
from tests.casework.way import ACROSS, ADULT, Way, at_hour, set_out


async def chief(town: Town, division: str = "360000") -> Officer:
    clerk = await town.clerk(NANCHANG)
    return replace(
        clerk, role=StaffRole.SUPERVISOR, point_id=None, point_name=None, point_division=None, division=division
    )


async def on_trial(town: Town, *points: str, days: int = 20) -> None:
    until = town.deps.today() + timedelta(days=days)
    for point in points:
        await try_out(town.deps, await chief(town), point, ITEM, until)


async def invited(town: Town, point: str = NANCHANG) -> str:
    clerk = await town.clerk(point)
    (code,) = await invite(town.deps, clerk, point, ITEM, town.deps.today() + timedelta(days=10), 1)
    return code


async def test_while_one_point_tries_out_the_others_serve_everybody(town: Town) -> None:
    await on_trial(town, SMALL)
    codes = [point.code for point in await points_for(town.deps, ITEM, "360102")]
    assert SMALL not in codes
    assert NANCHANG in codes
    way = await set_out(town, ADULT)
    way.number = (await open_case(town.deps, way.citizen, await way.wish(), key())).number
    at = at_hour(town.deps.today(), 15)
    with refused("invitation_required_here"):
        await book(town.deps, way.citizen, way.number, SMALL, at, key())
    await bring(town.deps, way.citizen, await invited(town, SMALL))
    booked = await book(town.deps, way.citizen, way.number, SMALL, at, key())
    assert booked.booking is not None


async def test_where_all_points_try_out_only_the_invited_apply(town: Town) -> None:
    await on_trial(town, NANCHANG, SMALL)
    way = await set_out(town, ADULT)
    with refused("invitation_required"):
        await open_case(town.deps, way.citizen, await way.wish(), key())
    (seen,) = await bring(town.deps, way.citizen, await invited(town))
    assert (seen.point.code, seen.item) == (NANCHANG, ITEM)
    opened = await open_case(town.deps, way.citizen, await way.wish(), key())
    assert opened.missing == ("booking", "letter_signature")


async def test_a_place_that_may_not_be_made_known_yet_serves_the_invited(town: Town) -> None:
    """Guangdong before 2023-03-31, by its own document."""
    way = await set_out(town, ACROSS)
    town.clock.set((town.deps.today()).replace(year=2023, month=3, day=27))
    with refused("invitation_required"):
        await open_case(town.deps, way.citizen, await way.wish(), key())
    await bring(town.deps, way.citizen, await invited(town, GUANGZHOU))
    assert (await open_case(town.deps, way.citizen, await way.wish(), key())).number


async def test_an_invitation_is_for_one_account_and_typed_as_people_type(town: Town) -> None:
    code = await invited(town)
    mine, theirs = await set_out(town, ADULT), await set_out(town, ADULT)
    for typed in (code, code.lower().replace("-", ""), f" {code} "):
        assert len(await bring(town.deps, mine.citizen, typed)) == 1
    with refused("invitation_unusable"):
        await bring(town.deps, theirs.citizen, code)
    with refused("invitation_malformed"):
        await bring(town.deps, theirs.citizen, "YQ-123")


async def test_an_invitation_ends_with_its_day_and_when_it_is_taken_back(town: Town) -> None:
    await on_trial(town, NANCHANG, SMALL)
    code, other = await invited(town), await invited(town)
    way = await set_out(town, ADULT)
    await bring(town.deps, way.citizen, code)
    clerk = await town.clerk(NANCHANG)
    lines = (await trial_page(town.deps, clerk)).invitations
    assert [line.standing for line in lines] == ["open", "brought"]
    await withdraw_invitation(town.deps, clerk, lines[1].id)
    assert await my_invitations(town.deps, way.citizen) == ()
    with refused("invitation_required"):
        await open_case(town.deps, way.citizen, await way.wish(), key())
    town.clock.turn(days=11)
    with refused("invitation_unusable"):
        await bring(town.deps, way.citizen, other)


async def test_the_trial_is_over_after_its_day_or_when_somebody_ends_it(town: Town) -> None:
    await on_trial(town, NANCHANG, days=3)
    town.clock.turn(days=4)
    assert NANCHANG in [point.code for point in await points_for(town.deps, ITEM, "360102")]
    await on_trial(town, NANCHANG)
    await try_out(town.deps, await chief(town), NANCHANG, ITEM, None)
    assert NANCHANG in [point.code for point in await points_for(town.deps, ITEM, "360102")]


async def test_who_may_say_so(town: Town) -> None:
    """R185: the own area, the own counter; a clerk invites and does not decide what is on trial."""
    day, clerk = town.deps.today() + timedelta(days=5), await town.clerk(NANCHANG)
    with refused("staff_role_missing"):
        await try_out(town.deps, clerk, NANCHANG, ITEM, day)
    for officer in (clerk, await chief(town, "360000")):
        with refused("area_outside"):
            await invite(town.deps, officer, GUANGZHOU, ITEM, day, 1)
    with refused("area_outside"):
        await try_out(town.deps, await chief(town, "440000"), NANCHANG, ITEM, day)
    with refused("staff_role_missing"):
        await trial_page(town.deps, replace(clerk, role=StaffRole.AUDITOR))
    for count in (0, 51):
        with refused("invitations_too_many"):
            await invite(town.deps, clerk, NANCHANG, ITEM, day, count)
    for wrong in (-1, 93):
        with refused("trial_day_wrong"):
            await invite(town.deps, clerk, NANCHANG, ITEM, town.deps.today() + timedelta(days=wrong), 1)


@pytest.mark.parametrize("item", [ServiceItem.HOUSEHOLD_CERTIFICATE])
async def test_a_trial_is_of_one_service(item: ServiceItem, town: Town) -> None:
    """The certificate is on trial; the identity card is served as before."""
    await try_out(town.deps, await chief(town), NANCHANG, item, town.deps.today() + timedelta(days=5))
    way: Way = await set_out(town, ADULT)
    way.number = (await open_case(town.deps, way.citizen, await way.wish(), key())).number
    assert (await book(town.deps, way.citizen, way.number, NANCHANG, at_hour(town.deps.today(), 15), key())).booking
