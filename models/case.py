"""Cases and what happened to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.models import Model

from domain.terms import CaseEventKind, CaseState, DeliveryMode, ServiceItem, ServiceScope
from models.account import Account
from models.columns import SealedJson, SealedText, UtcDatetime
from models.person import Person
from models.place import AcceptancePoint
from models.staff import StationSystem
from models.store import insert_once, transaction


class Case(Model):
    """One application of one person for one item.

    At most one live case per person and item, whoever opened it (C6.3, R187): partial unique index
    uq_case_live ON service_case(applicant_index, item) WHERE ended_at IS NULL.
    ``form`` is the pre-fill as the citizen gave it (names, numbers, addresses, phone), sealed as one value.
    ``last_seq`` numbers the events; moving a case and writing its event share one transaction. ``parent`` is the case
    this one hangs on: a temporary card stands in for the identity card applied for there (B20).
    """

    id = fields.IntField(primary_key=True)
    number = fields.CharField(max_length=24, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="cases", on_delete=fields.RESTRICT
    )
    account_id: int
    applicant: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="cases", on_delete=fields.RESTRICT
    )
    applicant_id: int
    applicant_index = fields.CharField(max_length=64)
    item = fields.CharEnumField(ServiceItem, max_length=40)
    scope = fields.CharEnumField(ServiceScope, max_length=20)
    state = fields.CharEnumField(CaseState, max_length=20)
    is_minor = fields.BooleanField()
    household_division = fields.CharField(max_length=6, db_index=True)
    residence_division = fields.CharField(max_length=6)
    delivery = fields.CharEnumField(DeliveryMode, max_length=10)
    form: fields.Field[dict[str, Any]] = SealedJson()
    rule_day = fields.DateField()
    opened_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    last_seq = fields.IntField(default=0)
    acceptance_point: fields.ForeignKeyNullableRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="cases", on_delete=fields.RESTRICT, null=True
    )
    acceptance_point_id: int | None
    acceptance_number = fields.CharField(max_length=32, null=True, unique=True)
    slip_number = fields.CharField(max_length=40, null=True)
    parent: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "models.Case", related_name="dependants", on_delete=fields.RESTRICT, null=True
    )
    parent_id: int | None

    class Meta:
        table = "service_case"
        indexes = (("acceptance_point", "state"),)


class CaseEvent(Model):
    """Append-only (triggers refuse UPDATE and DELETE): what happened, when, under which rules, and who said so.

    ``facts`` holds no personal data; what somebody wrote freely stands sealed in ``words``. ``report_id`` is the
    reporting system's own event id; with it a report counts once (unique with ``reporter``).
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="events", on_delete=fields.RESTRICT
    )
    case_id: int
    seq = fields.IntField()
    kind = fields.CharEnumField(CaseEventKind, max_length=30)
    from_state = fields.CharEnumField(CaseState, max_length=20, null=True)
    to_state = fields.CharEnumField(CaseState, max_length=20)
    at = UtcDatetime()
    recorded_at = UtcDatetime()
    rule_day = fields.DateField()
    actor = fields.CharField(max_length=60)
    unit = fields.CharField(max_length=120, null=True)
    reporter: fields.ForeignKeyNullableRelation[StationSystem] = fields.ForeignKeyField(
        "models.StationSystem", related_name="reports", on_delete=fields.RESTRICT, null=True
    )
    reporter_id: int | None
    report_id = fields.CharField(max_length=80, null=True)
    facts: fields.JSONField[dict[str, Any]] = fields.JSONField()
    words: fields.Field[dict[str, Any] | None] = SealedJson(null=True)

    class Meta:
        table = "case_event"
        unique_together = (("case", "seq"), ("reporter", "report_id"))


class NamedCollector(Model):
    """Append-only: a relative named to collect the card (R121, D12); the newest counts."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="named_collectors", on_delete=fields.RESTRICT
    )
    case_id: int
    name = SealedText()
    identity_number = SealedText()
    kinship = fields.CharField(max_length=24)
    named_at = UtcDatetime()

    class Meta:
        table = "named_collector"


async def make_case(**columns: Any) -> Case | None:
    """Write a case; None when this person already has a live one for the item."""
    made = await insert_once(Case, **columns)
    return await Case.get(number=columns["number"]) if made else None


async def live_case_number(applicant_index: str, item: ServiceItem) -> tuple[str, int] | None:
    """Number and owning account of the live case of a person for an item."""
    case = await Case.get_or_none(applicant_index=applicant_index, item=item, ended_at=None)
    return (case.number, case.account_id) if case else None


async def has_live_case(person_id: int) -> bool:
    """Whether a case of this person is under way."""
    return await Case.filter(applicant_id=person_id, ended_at=None).exists()


async def find_case(number: str) -> Case | None:
    """A case with applicant and acceptance point loaded."""
    return await Case.get_or_none(number=number).select_related("applicant", "acceptance_point")


async def lock_case(number: str) -> None:
    """Hold the row of a case until the transaction ends: what is done to one case at once is done one after the other.

    Take it before any other row of the case. On SQLite the transaction itself holds everything.
    """
    await Case.filter(number=number).select_for_update().only("id")


async def find_case_by_id(case_id: int) -> Case:
    """A case by its row id, applicant and acceptance point loaded."""
    return await Case.get(id=case_id).select_related("applicant", "acceptance_point")


async def dependants_of(case_id: int) -> list[Case]:
    """The cases that hang on this one and have not ended."""
    return await Case.filter(parent_id=case_id, ended_at=None).select_related("applicant", "acceptance_point")


async def newest_dependant(case_id: int) -> Case | None:
    """The newest case that hangs on this one, ended or not."""
    found = Case.filter(parent_id=case_id).select_related("applicant", "acceptance_point")
    return await found.order_by("-id").first()


async def find_accepted_case(acceptance_number: str) -> Case | None:
    """A case by the number the population system gave it (R143)."""
    case = Case.get_or_none(acceptance_number=acceptance_number)
    return await case.select_related("applicant", "acceptance_point")


async def find_case_by_slip(slip_number: str, point_id: int | None) -> Case | None:
    """The newest case with this collection slip number: slips are numbered by their stations, so the own one first."""
    found = Case.filter(slip_number=slip_number.strip()[:40]).order_by("-id")
    return await found.filter(acceptance_point_id=point_id).first() or await found.first()


async def cases_of_account(account_id: int) -> list[Case]:
    """All cases of an account, newest first."""
    return await Case.filter(account_id=account_id).select_related("applicant", "acceptance_point").order_by("-id")


async def cases_of_minor(applicant_index: str) -> list[Case]:
    """The cases that were opened for this person as a minor, by whichever account."""
    found = Case.filter(applicant_index=applicant_index, is_minor=True)
    return await found.select_related("applicant", "acceptance_point")


async def cases_at_point(
    point_id: int, states: Sequence[CaseState], limit: int, items: Sequence[ServiceItem] = tuple(ServiceItem)
) -> list[Case]:
    """Cases whose acceptance place is this point, newest first."""
    found = Case.filter(acceptance_point_id=point_id, state__in=list(states), item__in=list(items))
    found = found.select_related("applicant")
    return await found.order_by("-id").limit(limit)


async def move_case(case: Case, to: CaseState, **columns: Any) -> bool:
    """Compare-and-set: move the case from the state it was read in; False when somebody moved it first.

    Also draws the next event number, so the row stays locked until the event is written.
    """
    moved = await Case.filter(id=case.id, state=case.state).update(state=to, last_seq=F("last_seq") + 1, **columns)
    return moved == 1


async def claim_acceptance_number(case_id: int, acceptance_number: str) -> bool:
    """Give the case its acceptance number; False when another case holds it (R143: the number is unique)."""
    try:
        async with transaction():
            return await Case.filter(id=case_id).update(acceptance_number=acceptance_number) == 1
    except IntegrityError:
        return False


async def set_case_columns(case_id: int, **columns: Any) -> None:
    """Write columns that are not the state."""
    await Case.filter(id=case_id).update(**columns)


async def write_event(case_id: int, **columns: Any) -> CaseEvent:
    """Append an event under the number ``move_case`` drew."""
    seq = (await Case.get(id=case_id).only("id", "last_seq")).last_seq
    return await CaseEvent.create(case_id=case_id, seq=seq, **columns)


async def events_of(case_id: int) -> list[CaseEvent]:
    """The history of a case, oldest first."""
    return await CaseEvent.filter(case_id=case_id).order_by("seq")


async def cases_of_household(prefix: str, states: Sequence[CaseState], limit: int) -> list[Case]:
    """Cases whose household place lies below a code prefix, oldest first, the acceptance point loaded."""
    found = Case.filter(household_division__startswith=prefix, state__in=list(states))
    return await found.select_related("acceptance_point").order_by("id").limit(limit)


async def turns_at(point_id: int, kinds: Sequence[CaseEventKind], start: datetime, end: datetime) -> list[CaseEvent]:
    """Events of these kinds between two times about the cases of a point, newest first, the case loaded."""
    found = CaseEvent.filter(kind__in=list(kinds), at__gte=start, at__lt=end, case__acceptance_point_id=point_id)
    return await found.select_related("case").order_by("-at", "-id")


async def happened(case_id: int, kind: CaseEventKind) -> bool:
    """Whether an event of this kind stands in the history."""
    return await CaseEvent.filter(case_id=case_id, kind=kind).exists()


async def report_seen(reporter_id: int, report_id: str) -> CaseEvent | None:
    """The event a report already made."""
    return await CaseEvent.get_or_none(reporter_id=reporter_id, report_id=report_id)


async def name_collector(case_id: int, *, name: str, identity_number: str, kinship: str, at: datetime) -> None:
    """Name a relative who will collect."""
    await NamedCollector.create(
        case_id=case_id, name=name, identity_number=identity_number, kinship=kinship, named_at=at
    )


async def named_collector(case_id: int) -> NamedCollector | None:
    """The relative named last."""
    return await NamedCollector.filter(case_id=case_id).order_by("-id").first()


async def ready_since(before: datetime, limit: int) -> list[tuple[Case, datetime]]:
    """Cases whose temporary card or certificate waits at the counter since before a time, with it, last first."""
    made = CaseEvent.filter(
        case__state=CaseState.READY, kind__in=[CaseEventKind.MADE, CaseEventKind.CERTIFIED], at__lte=before
    )
    found = await made.order_by("-at").limit(limit).select_related("case", "case__acceptance_point")
    return [(event.case, event.at) for event in found]
