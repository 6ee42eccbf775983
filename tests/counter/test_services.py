"""A certificate through the clerk's own pages, from acceptance to collection (R161–R169)."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import date

from casework.book import book
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.find_place import free_slots
from casework.open_case import CaseWish, CertificateWish, open_case
from casework.pre_register import PersonFacts, declare_self
from domain.terms import CertificateMatter, DeliveryMode, ProofKind, ServiceItem, Whose
from models.place import PointService, find_point
from tests.counter.console import Console, Page
from tests.counter.people import GUANGZHOU, Walker, citizen, code_of, identity_number, key

CERTIFICATE = ServiceItem.HOUSEHOLD_CERTIFICATE
OpenConsole = Callable[..., Awaitable[Console]]


async def asker(deps: Deps) -> Walker:
    """Registered in Ganzhou, lives in Guangzhou, can't get the booklet; booked today."""
    point = await find_point(GUANGZHOU)
    assert point is not None
    await PointService.create(point_id=point.id, item=CERTIFICATE, open_from=date(2023, 3, 24))
    who = await citizen(deps)
    number = identity_number("360702", date(1990, 3, 4), secrets.randbelow(999))
    facts = PersonFacts("示例同乡", number, "360702", "江西省赣州市章贡区演示路7号", collective_household=False)
    profile = await declare_self(deps, who, facts)
    home = ResidenceFacts(
        profile.persons[0].id, CERTIFICATE, "440103", "广东省广州市荔湾区演示路8号", ProofKind.EMPLOYMENT,
        Whose.APPLICANT, declared_locally=False,
    )  # fmt: skip
    declared = await declare_residence(deps, who, home, key())
    wish = CaseWish(
        declared.id, CERTIFICATE, DeliveryMode.STATION, None, never_held_card=True, active_soldier=False,
        information_true=True, booklet_obtainable=False, certificate=CertificateWish((CertificateMatter.KINSHIP,)),
    )  # fmt: skip
    case = (await open_case(deps, who, wish, key())).number
    slots = await free_slots(deps, GUANGZHOU, CERTIFICATE, deps.today())
    await book(deps, who, case, GUANGZHOU, slots[-1].starts_at, key())
    return Walker(who, case, "示例同乡", number)


async def test_a_certificate_goes_its_way_through_the_pages(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await asker(deps)
    console = await at_desk("clerk-gz")
    path = f"/cases/{walker.number}"

    async def send(act: str, fields: dict[str, object] | None = None) -> Page:
        page = await console.get(path)
        done = await console.send(page, f"{path}/{act}", fields)
        assert (done.status, done.refused) == (303, None), done.text
        return await console.get(done.location)

    day = await console.get("/")
    await console.send(day, "/scan", {"code": await code_of(deps, walker)})
    page = await console.get(path)
    if page.offers(f"{path}/presence"):
        page = await send("presence", {"who": "applicant"})
    assert page.boxes("materials_seen") == ["valid_id", "application_form"]
    assert "受理号" not in page.text
    checks: dict[str, object] = dict.fromkeys(("identity_checked", "conditions_checked", "service_chosen"), "yes")
    await send("acceptance", {"materials_seen": ["valid_id", "application_form"], **checks})
    sent: dict[str, object] = {"channel": "fax", "to_unit": "演示派出所", "received": "yes"}
    assert "已登记传送" in (await send("materials", sent)).text
    await send("answer", {"household_unit": "演示派出所", "content": "示例同乡与示例乙同户。\n情况属实。"})
    page = await send("certificate")
    assert "示例同乡与示例乙同户。" in page.text
    assert f"{path}/certificate.pdf" in page.html
    await send("handover", {"checks": ["valid_id_shown", "sealed"]})
    assert not (await console.get(path)).offers(f"{path}/handover")
