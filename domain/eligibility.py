"""May this person be served there on that day? Every reason against, at once (一次性告知, B10)."""

from collections.abc import Callable, Iterator, Mapping

from domain.decision import Reason, Verdict
from domain.division import OUTSIDE_MAINLAND, Division, find_division, has_counties, same_province
from domain.policy.rule import Rules, Value
from domain.question import Question
from domain.terms import ProofKind

_OPENNESS = ("pilot", "rolling_out", "open")
_NOT_OPEN = {"pilot": "service_pilot_only", "rolling_out": "service_rolling_out"}


def verdict(rules: Rules, question: Question) -> Verdict:
    """Allowed, or every reason against with its source (R016, R018, R021, R034, R038, R043, B08, D19)."""
    checks: tuple[Callable[[Rules, Question], Iterator[Reason]], ...] = (
        _birth,
        _mainland,
        _distance,
        _block,
        _availability,
        _exclusions,
        _guardianship,
        _proof,
    )
    return Verdict(tuple(reason for check in checks for reason in check(rules, question)))


def availability(rules: Rules, question: Question) -> Value | None:
    """The furthest opening that fits the item, scope, two places and day; None when nothing was ever opened by then."""
    found = rules.all("availability", item=question.item, **question.where)
    return max(found, key=lambda value: _OPENNESS.index(value.text("status")), default=None)


def may_be_the_same_county(household: Division, residence: Division) -> bool:
    """True when one place contains the other, so that nobody can tell yet: a province or a city asked about as a whole.

    The answer is then for whoever lives in another county of it, and asks to choose the county.
    """
    return household.contains(residence) or residence.contains(household)


def _birth(rules: Rules, question: Question) -> Iterator[Reason]:
    if question.birth_date > question.day:
        yield _excluded(rules, question, "birth_in_future")


def _mainland(rules: Rules, question: Question) -> Iterator[Reason]:
    for place, division in (("household", question.household), ("residence", question.residence)):
        if division.province in OUTSIDE_MAINLAND:
            yield _excluded(rules, question, f"{place}_outside_mainland", {place: division.name})


def _excluded(rules: Rules, question: Question, answer: str, facts: Mapping[str, object] | None = None) -> Reason:
    value = rules.need("exclusion", item=question.item, answer=answer, **_places(question))
    return Reason(value.text("code"), value.cite_at(question.residence), facts or {})


def _distance(rules: Rules, question: Question) -> Iterator[Reason]:
    value = rules.need("distance", item=question.item, residence=question.residence)
    household, residence = question.household, question.residence
    if not same_province(household, residence):
        return
    facts = {"household": household.full_name, "residence": residence.full_name}
    wanted = value.text("at_least")
    if wanted == "province":
        yield Reason("only_across_provinces", value.cite_at(residence), facts)
    elif _same_place(household, residence, wanted):
        yield Reason("same_county", value.cite_at(residence), facts)


def _same_place(household: Division, residence: Division, wanted: str) -> bool:
    if wanted == "city":
        return household.city is not None and household.city == residence.city
    return household.code == residence.code and not has_counties(household)


def _block(rules: Rules, question: Question) -> Iterator[Reason]:
    value = rules.find("block", item=question.item, **question.where)
    if value is not None:
        announcement = value.maybe_text("announcement")
        facts = {"household": find_division(question.household.province).name}
        link = {"announcement": announcement} if announcement else {}
        yield Reason("household_place_blocked", value.cite_at(question.residence), facts | link)


def _availability(rules: Rules, question: Question) -> Iterator[Reason]:
    value = availability(rules, question)
    facts = {"residence": question.residence.full_name, "household": question.household.full_name}
    if value is None:
        yield _nothing_open(rules, question, facts)
    elif (status := value.text("status")) != "open":
        yield Reason(_NOT_OPEN[status], value.cite_at(question.residence), facts)


def _nothing_open(rules: Rules, question: Question, facts: Mapping[str, object]) -> Reason:
    coming = rules.opens_on("availability", item=question.item, **question.where)
    if coming is None:
        return _excluded(rules, question, "nothing_opened", facts)
    source = coming.cite_at(question.residence)
    return Reason("service_not_open_yet", source, {**facts, "opens_on": coming.start})


def _exclusions(rules: Rules, question: Question) -> Iterator[Reason]:
    answers = {
        "held_card_before": question.held_card_before,
        "active_soldier": question.active_soldier,
        "booklet_obtainable": question.booklet_obtainable,
        "applied_online": question.applied_online,
    }
    for answer, given in answers.items():
        if given and excludes(rules, question, answer):
            yield _excluded(rules, question, answer)


def excludes(rules: Rules, question: Question, answer: str) -> bool:
    """Whether such an answer would lead elsewhere."""
    return rules.find("exclusion", item=question.item, answer=answer, **_places(question)) is not None


def _places(question: Question) -> dict[str, Division]:
    return {"household": question.household, "residence": question.residence}


def _guardianship(rules: Rules, question: Question) -> Iterator[Reason]:
    if question.guardianship is not None and not question.is_minor:
        yield _excluded(rules, question, "guardianship_of_an_adult")


def _proof(rules: Rules, question: Question) -> Iterator[Reason]:
    if question.proof is None or question.proof_of is None or residence_information(rules, question) is not None:
        return
    value = rules.need("tie_proof", proof=question.proof, age=question.age_group)
    if value.text("whose") != question.proof_of:
        source = value.cite_at(question.residence)
        yield Reason("proof_not_accepted", source, {"accepted": accepted_proofs(rules, question.age_group)})


def residence_information(rules: Rules, question: Question) -> Value | None:
    """The rule that lets residence information stand in for the proofs (R047), where there is one."""
    return rules.find("residence_information", item=question.item, residence=question.residence)


def accepted_proofs(rules: Rules, age_group: str) -> str:
    """The proofs that count for an age group, as one Chinese phrase."""
    return "、".join(rules.need("tie_proof", proof=kind, age=age_group).text("what") for kind in ProofKind)
