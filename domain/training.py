"""Invented lives for the training tenant (R214, R215): who they are and what happened to their cases, as plain values.

Nobody bears these names, and the numbers are right in form only. The same seed tells the same lives.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from domain.applicant import age_on
from domain.calendar import CalendarMissing, WorkCalendar
from domain.division import find_division
from domain.identity_number import check_character
from domain.lifecycle import ENDED, TRANSITIONS, next_state
from domain.local_time import SHANGHAI
from domain.terms import CaseEventKind as Kind
from domain.terms import CaseState as State
from domain.terms import CollectorKind, DeliveryMode, ServiceItem, ServiceScope

_ITEM = ServiceItem.ID_CARD_FIRST_APPLICATION
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_HOUSEHOLDS = {
    "36": ("360702", "360722", "360735", "360402", "360423", "360103", "360828", "361102"),
    "44": ("441402", "441481", "440203", "445202", "440783", "440902"),
}
_DECLINED = ("identity_doubtful", "data_mismatch", "not_first_issue", "no_stable_tie")
_WAY = (
    Kind.OPENED, Kind.BOOKED, Kind.CHECKED_IN, Kind.ACCEPTED, Kind.REVIEW_STARTED, Kind.ISSUED,
    Kind.PRODUCTION_STARTED, Kind.DISPATCHED,
)  # fmt: skip
_TAKES = {  # minutes after the step before, at least and at most
    Kind.OPENED: (0, 0), Kind.BOOKED: (2, 30), Kind.CHECKED_IN: (0, 15), Kind.VISIT_MISSED: (180, 180),
    Kind.WITHDRAWN: (120, 3600), Kind.LAPSED: (131_040, 131_040), Kind.ACCEPTED: (8, 25), Kind.DECLINED: (8, 25),
    Kind.REVIEW_STARTED: (60, 1200), Kind.ISSUED: (480, 4200), Kind.ISSUANCE_REFUSED: (2400, 7800),
    Kind.PRODUCTION_STARTED: (240, 1800), Kind.DISPATCHED: (1200, 3600), Kind.ARRIVAL_REGISTERED: (960, 3000),
    Kind.RECEIVED_BY_POST: (1440, 4200), Kind.RELEASED: (180, 5400), Kind.CHECK_RECORDED: (2880, 12_000),
    Kind.CLOSED: (0, 0),
}  # fmt: skip
_AT_WORK = frozenset({
    Kind.REVIEW_STARTED, Kind.ISSUED, Kind.ISSUANCE_REFUSED, Kind.PRODUCTION_STARTED, Kind.DISPATCHED,
    Kind.ARRIVAL_REGISTERED, Kind.RELEASED, Kind.CHECK_RECORDED,
})  # fmt: skip
_SLOW, _SLOW_MINUTES = 0.2, (6000, 20_000)  # reviews a supervisor has to see to
_DIFFERING = 0.04  # what the counter finds to differ from the pre-fill
_LONGEST_BEFORE = 34
_ENDS = {  # how a life goes, and how often of a hundred
    "on": 66, "proxy": 8, "post": 8, "declined": 4, "refused": 3, "withdrawn": 4, "lapsed": 2, "missed": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Counter:
    """A point a life may lead to."""

    id: int
    code: str
    name: str
    division: str
    clerk: str


@dataclass(frozen=True)
class Turn:
    """Something that happened."""

    kind: Kind
    before: State | None
    after: State
    at: datetime
    actor: str
    unit: str | None = None
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    """Somebody and their case. ``visit``: the slot booked; ``how_visited``: as in a booking, None while it is ahead."""

    name: str
    identity_number: str
    birth: date
    guardian: tuple[str, str] | None
    phone: str
    household: str
    counter: Counter
    scope: ServiceScope
    delivery: DeliveryMode
    number: int
    turns: tuple[Turn, ...]
    visit: datetime | None
    how_visited: str | None
    collector: CollectorKind | None

    @property
    def state(self) -> State:
        """Where the case stands."""
        return self.turns[-1].after

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, if it did."""
        return self.turns[-1].at if self.state in ENDED else None

    def at(self, kind: Kind) -> datetime | None:
        """When something happened, if it did."""
        return next((turn.at for turn in self.turns if turn.kind is kind), None)


@dataclass(frozen=True)
class _Teller:
    """Tells lives, always the same ones for the same random numbers."""

    random: Random
    counters: tuple[Counter, ...]
    now: datetime
    calendar: WorkCalendar

    def life(self, order: int, number: int, way: str) -> Life:
        """One life; ``way`` is a word of ``_ENDS``."""
        counter = self.random.choice(self.counters)
        household = _household(self.random, counter)
        today = self.now.astimezone(SHANGHAI).date()
        birth = _birth(self.random, today)
        turns, visit, how = self._turns(counter, household, way)
        return Life(
            name=_name(order),
            identity_number=_number(household, birth, order),
            birth=birth,
            guardian=_guardian(household, order) if age_on(birth, today) < 16 else None,
            phone=f"1300000{order % 10000:04d}",
            household=household,
            counter=counter,
            scope=_scope(household, counter),
            delivery=DeliveryMode.POST if way == "post" else DeliveryMode.STATION,
            number=number,
            turns=turns,
            visit=visit,
            how_visited=how,
            collector=_collector(way) if any(turn.after is State.RELEASED for turn in turns) else None,
        )

    def _turns(
        self, counter: Counter, household: str, way: str
    ) -> tuple[tuple[Turn, ...], datetime | None, str | None]:
        """What happened until now, the visit, and how that ended."""
        told: list[Turn] = []
        at = self._opened(way)
        visit = self._visit(at)
        who = _who(counter, household)
        state: State | None = None
        for kind in _kinds(way):
            at = self._when(kind, visit if kind in {Kind.CHECKED_IN, Kind.VISIT_MISSED} else at)
            if at > self.now:
                break
            after = State.OPEN if state is None else _after(state, kind)
            actor, unit = who.get(kind, (f"staff:{counter.clerk}", counter.name))
            told.append(Turn(kind, state, after, at, actor, unit, self._facts(kind, counter, visit)))
            state = after
        kinds = {turn.kind for turn in told}
        if Kind.BOOKED not in kinds:
            return tuple(told), None, None
        ends = {Kind.CHECKED_IN: "kept", Kind.VISIT_MISSED: "no_show"}
        return tuple(told), visit, next((how for kind, how in ends.items() if kind in kinds), None)

    def _when(self, kind: Kind, before: datetime) -> datetime:
        minutes = self.random.uniform(*_TAKES[kind])
        if kind is Kind.ISSUED and self.random.random() < _SLOW:
            minutes += self.random.uniform(*_SLOW_MINUTES)
        at = before + timedelta(minutes=minutes)
        return self._at_work(at) if kind in _AT_WORK else at

    def _at_work(self, at: datetime) -> datetime:
        """In the hours in which people work; never before ``at``."""
        local = at.astimezone(SHANGHAI)
        if 9 <= local.hour < 17 and self._open_day(local.date()) == local.date():
            return at
        day = local.date() if local.hour < 9 else local.date() + timedelta(days=1)
        start = datetime.combine(self._open_day(day), time(9), tzinfo=SHANGHAI)
        return start + timedelta(minutes=self.random.randint(0, 200))

    def _open_day(self, day: date) -> date:
        try:
            return self.calendar.next_working_day(day)
        except CalendarMissing:  # an invented visit in a year nobody knows yet may fall on any day
            return day

    def _opened(self, way: str) -> datetime:
        days = 92 + 6 * self.random.random() if way == "lapsed" else self.random.expovariate(1 / 11)
        at = (self.now - timedelta(days=min(days, _LONGEST_BEFORE) if way != "lapsed" else days)).astimezone(SHANGHAI)
        hour = self.random.choice((8, 9, 10, 11, 12, 14, 15, 16, 19, 20, 21))
        opened = at.replace(hour=hour, minute=self.random.randint(0, 59))
        return opened if opened < self.now else self.now - timedelta(minutes=self.random.randint(31, 300))

    def _visit(self, opened: datetime) -> datetime:
        day = self._open_day(opened.astimezone(SHANGHAI).date() + timedelta(days=self.random.choice((1, 1, 2, 3, 4))))
        at = time(self.random.choice((9, 9, 10, 10, 11, 14, 15, 15, 16)), self.random.choice((0, 30)))
        return datetime.combine(day, at, tzinfo=SHANGHAI)

    def _facts(self, kind: Kind, counter: Counter, visit: datetime) -> dict[str, object]:
        if kind is Kind.BOOKED:
            return {"point": counter.code, "starts_at": visit.isoformat()}
        if kind is Kind.DECLINED:
            return {"reason": self.random.choice(_DECLINED)}
        if kind is Kind.ACCEPTED:
            differing = ["residence_address"] if self.random.random() < _DIFFERING else []
            return {"materials_seen": [], "face_check_done": True, "differing_fields": differing}
        return {}


def invent(count: int, counters: tuple[Counter, ...], now: datetime, calendar: WorkCalendar) -> tuple[Life, ...]:
    """So many lives, told up to now, the newest last. The first few end in as many different ways as there are."""
    random = Random(count)  # noqa: S311 – the same lives every time are wanted
    teller = _Teller(random, counters, now, calendar)
    ways = [*_ENDS, *random.choices(list(_ENDS), list(_ENDS.values()), k=count)]
    numbers = random.sample(range(10**8), count)
    lives = [teller.life(order, numbers[order], ways[order]) for order in range(count)]
    return tuple(sorted(lives, key=lambda life: life.turns[0].at))


def _after(state: State, kind: Kind) -> State:
    return next_state(_ITEM, state, kind) if (state, kind) in TRANSITIONS[_ITEM] else state


def _who(counter: Counter, household: str) -> dict[Kind, tuple[str, str | None]]:
    """Who said what, where it was not the clerk."""
    police = f"system:demo-{'jx' if household[:2] == '36' else 'gd'}-household"
    centre = f"system:demo-{'jx' if counter.division[:2] == '36' else 'gd'}-centre"
    unit = f"{find_division(household).name}示范派出所"
    return {
        **dict.fromkeys((Kind.OPENED, Kind.BOOKED, Kind.WITHDRAWN), ("citizen:0", None)),
        **dict.fromkeys((Kind.VISIT_MISSED, Kind.LAPSED), ("system", None)),
        **dict.fromkeys((Kind.REVIEW_STARTED, Kind.ISSUED, Kind.ISSUANCE_REFUSED), (police, unit)),
        **dict.fromkeys((Kind.PRODUCTION_STARTED, Kind.DISPATCHED), (centre, "示范制证中心")),
        Kind.RECEIVED_BY_POST: (centre, "示范邮政"),
    }


def _kinds(way: str) -> tuple[Kind, ...]:
    ends = {
        "withdrawn": (Kind.OPENED, Kind.WITHDRAWN),
        "lapsed": (Kind.OPENED, Kind.LAPSED),
        "missed": (Kind.OPENED, Kind.BOOKED, Kind.VISIT_MISSED),
        "declined": (Kind.OPENED, Kind.BOOKED, Kind.CHECKED_IN, Kind.DECLINED),
        "refused": (*_WAY[:5], Kind.ISSUANCE_REFUSED),
        "post": (*_WAY, Kind.RECEIVED_BY_POST, Kind.CHECK_RECORDED, Kind.CLOSED),
        "proxy": (*_WAY, Kind.ARRIVAL_REGISTERED, Kind.RELEASED, Kind.CHECK_RECORDED, Kind.CLOSED),
    }
    return ends.get(way, (*_WAY, Kind.ARRIVAL_REGISTERED, Kind.RELEASED, Kind.CLOSED))


def _collector(way: str) -> CollectorKind:
    return {"post": CollectorKind.POST, "proxy": CollectorKind.PROXY}.get(way, CollectorKind.SELF)


def _scope(household: str, counter: Counter) -> ServiceScope:
    same = household[:2] == counter.division[:2]
    return ServiceScope.PROVINCE_WIDE if same else ServiceScope.CROSS_PROVINCE


def _guardian(household: str, order: int) -> tuple[str, str]:
    born = date(1985, 1, 1) + timedelta(days=order % 3000)
    return f"示例家长{_name(order)[2:4]}", _number(household, born, order)


def _household(random: Random, counter: Counter) -> str:
    province = counter.division[:2] if random.random() < 0.7 else random.choice(tuple(_HOUSEHOLDS))
    return random.choice([code for code in _HOUSEHOLDS[province] if code[:4] != counter.division[:4]])


def _birth(random: Random, today: date) -> date:
    years = random.choices((5, 10, 14, 17, 21), (2, 3, 3, 6, 3))[0]
    return date(today.year - years, 1, 1) - timedelta(days=random.randint(20, 330))


def _name(order: int) -> str:
    """测试甲子, 测试乙丑 … and from the sixty-first on with a number: nobody is called that."""
    cycle = f"测试{_STEMS[order % 10]}{_BRANCHES[order % 12]}"
    return cycle if order < 60 else f"{cycle}{_chinese(order // 60)}"


def _chinese(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))


def _number(region: str, birth: date, order: int) -> str:
    body = f"{region}{birth:%Y%m%d}{order % 1000:03d}"
    return body + check_character(body)
