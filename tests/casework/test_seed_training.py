"""The training tenant (R214, R215): a day that looks real, of people nobody is, made once and only where it may be."""

from dataclasses import replace

import pytest

from casework.announce import current_announcements
from casework.follow_up import follow_up_list
from casework.seed_training import seed_training
from casework.serve import day_list, read_case
from casework.supervise import asked, dashboard
from domain.identity_number import parse_identity_number
from domain.terms import CaseState, ComplaintStatus, ServiceItem
from models.case import Case, CaseEvent
from models.complaint import Complaint
from models.consultation import Consultation
from models.notice import Notice
from models.person import Person
from models.signature import Signature
from models.slot import Booking, Slot
from tests.casework.refused import refused
from tests.casework.test_announce import watching
from tests.casework.town import Town

PEOPLE = 150


@pytest.fixture
async def trained(town: Town) -> Town:
    assert await seed_training(town.deps, PEOPLE) == PEOPLE
    return town


@pytest.fixture
async def small(town: Town) -> Town:
    assert await seed_training(town.deps, 40) == 40
    return town


async def test_every_screen_has_something_to_show(trained: Town) -> None:
    chief = await watching(trained, "000000")
    board = await dashboard(trained.deps, asked(trained.deps, chief))
    states = {state for state, count in board.states if count}
    always = "open accepted declined withdrawn lapsed under_review issuance_refused in_production closed"
    assert states >= {CaseState(state) for state in always.split()}
    assert board.overdue
    assert board.missed
    assert board.unreached
    assert board.whole.due > board.whole.on_time > 0
    assert len([day for day in board.days if day.opened]) > 10
    assert await follow_up_list(trained.deps, chief)
    assert len(await current_announcements(trained.deps)) == 1
    assert board.complaints.opened > board.complaints.answered > 0


async def test_the_other_services_have_their_day_too(trained: Town) -> None:
    """Made by the acts, in several states; what they owed counts as told."""
    states = {(case.item, case.state) for case in await Case.exclude(item=ServiceItem.ID_CARD_FIRST_APPLICATION)}
    assert len({state for item, state in states if item is ServiceItem.HOUSEHOLD_CERTIFICATE}) >= 3
    assert len({state for item, state in states if item is ServiceItem.TEMPORARY_ID_CARD}) >= 2
    assert await Signature.all().count() >= 3
    assert {one.status for one in await Complaint.all()} == set(ComplaintStatus)
    assert await Consultation.all().count() >= 3


async def test_the_invented_are_nobody_and_their_numbers_are_right(trained: Town) -> None:
    people = await Person.all()
    assert len({person.identity_index for person in people}) == PEOPLE
    for person in people:
        assert person.name.startswith("测试")
        parse_identity_number(person.identity_number, trained.deps.today())


async def test_the_rows_agree_with_each_other(trained: Town) -> None:
    """A case stands where its last event left it, and a slot holds the bookings it counts."""
    for case in await Case.all():
        last = await CaseEvent.get(case_id=case.id, seq=case.last_seq)
        assert last.to_state is case.state
        assert last.at <= trained.clock.now()
    for slot in await Slot.all():
        assert slot.taken == await Booking.filter(slot_id=slot.id).count()
    assert await Notice.filter(status="owed").count() <= 1  # nobody is written to


async def test_a_clerk_opens_a_case_of_the_training(small: Town) -> None:
    clerk = await small.clerk()
    today = await day_list(small.deps, clerk)
    assert today.on_the_way
    adult = next(line for line in today.on_the_way if not line.is_minor)
    assert (await read_case(small.deps, clerk, adult.number)).name.startswith("测")


async def test_it_is_made_once_and_never_among_real_people_without_a_yes(small: Town) -> None:
    with refused("training_there_already"):
        await seed_training(small.deps, 5)
    served = replace(small.deps.settings, wechat_base_url="https://api.weixin.qq.com")
    real = replace(small.deps, settings=served)
    with refused("training_not_here"):
        await seed_training(real, 5)
    with refused("training_there_already"):
        await seed_training(real, 5, sure=True)
    with refused("training_count_wrong"):
        await seed_training(small.deps, 0)
