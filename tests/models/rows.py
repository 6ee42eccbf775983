"""Small rows for the tests of this room; the names are made up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.terms import CaseState, DeliveryMode, ServiceItem, ServiceScope, StaffRole
from models.account import Account, find_or_make_account
from models.case import Case
from models.person import Person
from models.place import AcceptancePoint
from models.slot import Booking, Slot
from models.staff import Staff

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


async def account(openid: str = "o-test-1") -> Account:
    return await find_or_make_account(appid="wx-test", openid=openid, at=NOON)


async def person(owner: Account, *, is_self: bool = True, index: str = "p1", **columns: Any) -> Person:
    given: dict[str, Any] = {
        "name": "甲测试",
        "identity_number": "11010519491231002X",
        "household_division": "360702",
        "household_address": "某省某市某路 1 号",
        "collective_household": False,
        "declared_at": NOON,
    }
    return await Person.create(account_id=owner.id, is_self=is_self, identity_index=index, **given | columns)


async def case(applicant: Person, number: str = "TB-1", **columns: Any) -> Case:
    given: dict[str, Any] = {
        "applicant_index": applicant.identity_index,
        "item": ServiceItem.ID_CARD_FIRST_APPLICATION,
        "scope": ServiceScope.PROVINCE_WIDE,
        "state": CaseState.OPEN,
        "is_minor": False,
        "household_division": "360702",
        "residence_division": "360102",
        "delivery": DeliveryMode.STATION,
        "form": {"name": "甲测试"},
        "rule_day": date(2026, 11, 20),
        "opened_at": NOON,
    }
    return await Case.create(
        number=number, account_id=applicant.account_id, applicant_id=applicant.id, **given | columns
    )


async def point(code: str = "JX-1") -> AcceptancePoint:
    return await AcceptancePoint.create(
        code=code, name="示例受理点", division="360102", address="示例路 1 号", phone="000", schedule={}
    )


async def slot(at_point: AcceptancePoint, capacity: int = 5) -> Slot:
    return await Slot.create(
        point_id=at_point.id,
        item=ServiceItem.ID_CARD_FIRST_APPLICATION,
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=1),
        capacity=capacity,
        online=capacity,
        general=capacity,
    )


async def booking(in_slot: Slot, for_case: Case) -> Booking:
    return await Booking.create(slot_id=in_slot.id, case_id=for_case.id, is_minor=False, seats=1, made_at=NOON)


async def clerk(username: str = "clerk-1") -> Staff:
    return await Staff.create(username=username, display_name="示例", password_hash="-", role=StaffRole.CLERK)
