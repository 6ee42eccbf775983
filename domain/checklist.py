"""What to bring: each paper by the name the source gives it, whose it is, and what may stand in for it (R040–R047)."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.eligibility import residence_information
from domain.guardianship import guardianship_rule, paper_key
from domain.policy.rule import Rules, Value
from domain.question import Question
from domain.terms import ProofKind, Whose

TIE_PROOF = "tie_proof"
_GUARDIANSHIP = "guardianship"


@dataclass(frozen=True)
class Material:
    """One paper, shown as an original (R052). With ``alternatives``, any one of them will do."""

    what: str
    whose: Whose
    alternatives: tuple[str, ...]
    source: str
    code: str
    note: str = ""


def materials(rules: Rules, question: Question) -> tuple[Material, ...]:
    """The papers for this person at this residence place; Guangdong asks for no proofs, in both scopes (R047, D3)."""
    value = rules.need("materials", item=question.item, residence=question.residence, age=question.age_group)
    return tuple(made for code in value.texts("papers") for made in _expand(rules, question, code, value))


def declared_elsewhere(rules: Rules, question: Question) -> str | None:
    """Where residence information is declared instead of showing proofs (粤居码, R047)."""
    value = residence_information(rules, question)
    return value.text("declared_in") if value else None


def who_must_come(rules: Rules, question: Question) -> tuple[Whose, ...]:
    """Everyone who has to be at the counter in person (R030, R031)."""
    return tuple(map(Whose, rules.need("attendance", item=question.item, age=question.age_group).texts("who")))


def _expand(rules: Rules, question: Question, code: str, asked_by: Value) -> Iterator[Material]:
    if code == TIE_PROOF:
        yield from _tie_proof(rules, question, asked_by)
    elif code == _GUARDIANSHIP:
        shown_by = guardianship_rule(rules, question.guardianship, question.residence)
        for paper in shown_by.texts("papers"):
            yield _paper(rules, question, paper, shown_by)
    else:
        yield _paper(rules, question, code, asked_by)


def _paper(rules: Rules, question: Question, code: str, asked_by: Value) -> Material:
    value = rules.need("paper", paper=code, age=question.age_group, guardianship=paper_key(question.guardianship))
    return Material(
        what=value.text("what"),
        whose=Whose(value.text("whose")),
        alternatives=value.texts("alternatives"),
        source=asked_by.cite_at(question.residence),
        code=code,
        note=value.text("note"),
    )


def _tie_proof(rules: Rules, question: Question, asked_by: Value) -> Iterator[Material]:
    if residence_information(rules, question) is not None:
        return
    if question.proof is None:
        yield _any_tie_proof(rules, question, asked_by)
        return
    value = rules.need("tie_proof", proof=question.proof, age=question.age_group)
    yield Material(
        what=value.text("what"),
        whose=Whose(value.text("whose")),
        alternatives=value.texts("examples"),
        source=asked_by.cite_at(question.residence),
        code=f"{question.proof}_proof",
        note="examples_are_guidance",
    )


def _any_tie_proof(rules: Rules, question: Question, asked_by: Value) -> Material:
    proofs = [rules.need("tie_proof", proof=kind, age=question.age_group) for kind in ProofKind]
    return Material(
        what=_WHAT_BY_AGE[question.is_minor],
        whose=Whose(proofs[0].text("whose")),
        alternatives=tuple(value.text("what") for value in proofs),
        source=asked_by.cite_at(question.residence),
        code=TIE_PROOF,
        note="any_one_of_them",
    )


_WHAT_BY_AGE = {
    False: "合法稳定就业、就学、居住的其中一种证明材料",
    True: "监护人合法稳定就业、居住或者申请人合法稳定就学的其中一种证明材料",
}
