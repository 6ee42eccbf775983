"""Pages put together from views: what the templates need, no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from casework.accept import DECLINE_REASONS
from casework.callers import Officer
from casework.counter_views import CounterCase, DayList
from counter.forms import Form
from counter.keys import REFUSED
from counter.navigation import entries_for
from counter.refusals import status_of
from domain.collection import later_checks
from domain.refusal import Refusal
from domain.terms import CardReturn, CaseState, CollectorKind, FingerprintOutcome, Kinship, Present, TransmissionChannel
from templates.labels import label
from templates.pages import render_page
from templates.refusals import RefusalText, refusal_text
from templates.shown import day

# What the page says after an act: told by a word in the address, never by text.
DONE: Mapping[str, str] = {
    "scan": "已登记到场。请先核对来人身份，确认到场后显示完整信息。",
    "presence": "已记录到场确认，下面是完整的预登记信息。",
    "asked": "申请已提交，等负责人审批。审批通过前一切不变。",
    "letter": "告知承诺书的确认已登记。",
    "acceptance": "已登记受理。请在人口信息管理系统中完成流转，并把领证回执交给申请人。",
    "correction": "受理号已更正，新旧受理号和原因已留痕。",
    "decline": "已登记不予受理，原因和去向已通知申请人。",
    "supplements": "已一次性告知需补充的材料，清单已发给申请人。",
    "arrival": "已登记接收证件，领证通知会自动发给申请人。",
    "release": "已登记发放。",
    "check": "已登记领证后核验，本件办结。",
    "spot": "证明已开具。请打印、盖章后交给申请人，并向户籍地派出所备案。",
    "materials": "已登记传送。",
    "cancellation": "已取消，系统会告知申请人。",
    "receipt": "已登记签收，五个工作日内应当反馈。",
    "answer": "已登记反馈，请开具证明。",
    "unverifiable": "已登记未能查证，系统已告知申请人到户籍地派出所办理。",
    "certificate": "证明已开具，领取通知会自动发给申请人。请打印、盖章。",
    "filing": "已登记备案。",
    "made": "已登记，领取通知会自动发给申请人。",
    "handover": "已登记交付。",
    "return": "已登记临时居民身份证的去向。",
}


@dataclass(frozen=True)
class Compared:
    """One line to compare with the population system; a difference is written down beside it (R070)."""

    name: str
    title: str
    value: str
    numeric: bool = False


class Typed:
    """What was typed into one form of a page, to be shown again when it was refused."""

    def __init__(self, act: str = "", form: Form | None = None) -> None:
        self.act = act
        self._form = form

    def one(self, act: str, name: str) -> str:
        """The value typed, if this is the form it was typed into."""
        values = self._values(act, name)
        return values[0][:2000] if values else ""

    def has(self, act: str, name: str, value: str = "yes") -> bool:
        """True when this box was ticked."""
        return value in self._values(act, name)

    def _values(self, act: str, name: str) -> tuple[str, ...]:
        return self._form.all(name) if self._form is not None and act == self.act else ()


def html_page(page: str, *, officer: Officer | None, status: int = 200, **context: Any) -> web.Response:
    """A page of this door, in the frame of who is signed in."""
    nav = entries_for(officer.role) if officer else ()
    text = render_page(f"counter/{page}", officer=officer, nav=nav, **context)
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def see_other(path: str) -> web.Response:
    """Send the browser on after a POST, so that reloading repeats nothing."""
    return web.Response(status=303, headers={"Location": path})


def refused(request: web.Request, refusal: Refusal) -> tuple[RefusalText, int]:
    """The words and the status of a refusal that is shown on top of the page it belongs to."""
    request[REFUSED] = refusal.code
    return refusal_text(refusal.code, refusal.facts, audience="counter"), status_of(refusal)


def case_page(
    officer: Officer,
    case: CounterCase,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    done: str = "",
    status: int = 200,
) -> web.Response:
    """The pre-filled case beside its checklist."""
    self_checks = case.release_checks.get(CollectorKind.SELF, ())
    return html_page(
        "case.html",
        status=status,
        officer=officer,
        case=case,
        problem=problem,
        typed=typed or Typed(),
        done=DONE.get(done),
        applicant=compared_of_applicant(case),
        guardian=compared_of_guardian(case),
        reasons=DECLINE_REASONS[case.item],
        channels=tuple(TransmissionChannel),
        returns=tuple(CardReturn),
        fingerprints=tuple(FingerprintOutcome),
        present=present_choices(case),
        kinships=tuple(Kinship),
        self_checks=self_checks,
        proxy_checks=case.release_checks.get(CollectorKind.PROXY, ()),
        later_checks=tuple(check for check in self_checks if check.code in later_checks(case.fingerprint)),
    )


def day_page(
    officer: Officer,
    today: DayList | None,
    *,
    problem: RefusalText | None = None,
    again: tuple[str, str, str] | None = None,
    other_day: bool = False,
    box_only: bool = False,
    status: int = 200,
) -> web.Response:
    """The clerk's day with the scan box. ``again``: the code that needs a reason, the refusal that asks for it, and the
    reason given already for serving another station's booking. ``box_only``: the scan box without the list."""
    return html_page(
        "day.html",
        status=status,
        officer=officer,
        today=today,
        problem=problem,
        again=again,
        other_day=other_day,
        box_only=box_only,
    )


def compared_of_applicant(case: CounterCase) -> tuple[Compared, ...]:
    """The applicant's data in the order of the registration form (R131, R144)."""
    if not case.whole or case.sex is None or case.birth_date is None:
        return (
            Compared("name", "姓名", case.name),
            Compared("identity_number", "公民身份号码", case.identity_number, numeric=True),
            Compared("household_address", "户籍地", case.household_address),
            Compared("residence_address", "现居住地", case.residence_address),
            Compared("phone", "联系电话", case.phone, numeric=True),
        )
    return (
        Compared("name", "姓名", case.name),
        Compared("identity_number", "公民身份号码", case.identity_number, numeric=True),
        Compared("sex", "性别", label(case.sex, "Sex")),
        Compared("birth_date", "出生日期", day(case.birth_date)),
        Compared("household_address", "常住户口所在地住址", case.household_address),
        Compared("residence_address", "现居住地住址", case.residence_address),
        Compared("phone", "联系电话", case.phone, numeric=True),
    )


def compared_of_guardian(case: CounterCase) -> tuple[Compared, ...]:
    """The guardian's data, for a minor's case."""
    if case.guardian is None:
        return ()
    return (
        Compared("guardian_name", "监护人姓名", case.guardian.name),
        Compared("guardian_identity_number", "监护人公民身份号码", case.guardian.identity_number, numeric=True),
    )


def present_choices(case: CounterCase) -> tuple[Present, ...]:
    """Who may be stated to stand there: before acceptance the applicant, with the guardian for a minor (R031)."""
    if case.state is CaseState.OPEN:
        return (Present.MINOR_AND_GUARDIAN,) if case.is_minor else (Present.APPLICANT,)
    own = Present.MINOR_AND_GUARDIAN if case.is_minor else Present.APPLICANT
    return (own, Present.COLLECTOR)
