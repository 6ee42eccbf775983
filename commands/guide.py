"""``guide``: ask the rulebook, in words or as JSON; the same answer as at every other door (R195)."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date

from casework.explain_policy import GuideQuestion, explain, guide_json, place_view, refused_json
from domain.policy.loader import BrokenRules, load_rulebook
from domain.refusal import Refusal
from domain.terms import GuardianshipCase, ProofKind, ServiceItem, Whose
from templates.guide import guide_in_words
from templates.refusals import refusal_text

_ITEMS = ("first-id-card", "temporary-id-card", "household-certificate")
_RELATIONS = ("same-household", "birth-certificate", "other")
"""How the command line spells them; ``domain.terms`` takes these and the words of the API at every door."""


def main(words: Sequence[str], today: date) -> int:
    """Answer; 0 for an answer, 2 for a question that cannot be asked. Needs no settings and writes nothing.

    ``today`` is the day asked about when none is given.
    """
    asked = _parser(today).parse_args(words)
    try:
        code = _answer(asked)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads on no further (``| head``) has what they want
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser(today: date) -> argparse.ArgumentParser:
    guide = argparse.ArgumentParser(prog="run.py guide", description="May I apply there, and what do I bring?")
    proofs = ["employment", "schooling", "residence"]
    guide.add_argument("--item", required=True, type=_item, metavar="|".join(_ITEMS))
    guide.add_argument("--household", required=True, metavar="CODE", help="code of a province, a city or a county")
    guide.add_argument("--residence", required=True, metavar="CODE", help="code of a province, a city or a county")
    guide.add_argument("--birth", required=True, type=_day, metavar="YYYY-MM-DD", help="the applicant's birth day")
    guide.add_argument(
        "--relation",
        type=_relation,
        metavar="|".join(_RELATIONS),
        help="under 16: in one household with a parent; shown by the birth certificate; or by neither",
    )
    guide.add_argument("--guardian-relation", choices=["father", "mother", "other"], help="other: not a parent")
    guide.add_argument("--guardian-proof", choices=proofs, help="the proof the guardian would show")
    guide.add_argument("--own-proof", choices=proofs, help="the proof the applicant would show")
    guide.add_argument("--held-card", action="store_true", help="has held an ID card before (renewal, replacement)")
    guide.add_argument("--soldier", action="store_true", help="on active service")
    guide.add_argument("--booklet-obtainable", action="store_true", help="certificates: can get the household booklet")
    guide.add_argument("--applied-online", action="store_true", help="certificates: applied on the platform of 长三角")
    guide.add_argument("--on", type=_day, metavar="YYYY-MM-DD", default=today, help="the day asked about (today)")
    guide.add_argument("--json", action="store_true", help="the answer for programs")
    return guide


def _item(text: str) -> ServiceItem:
    try:
        return ServiceItem(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不在可选之列，请从 {'、'.join(_ITEMS)} 里选") from None


def _relation(text: str) -> GuardianshipCase:
    try:
        return GuardianshipCase(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不在可选之列，请从 {'、'.join(_RELATIONS)} 里选") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是日期，请写成 2026-11-20 这样") from None


def _answer(asked: argparse.Namespace) -> int:
    question = _question(asked)
    try:
        view = explain(load_rulebook(), question, asked.on)
    except BrokenRules as error:
        sys.exit(f"Rules: {error}")
    except Refusal as refusal:
        text = refusal_text(refusal.code, refusal.facts)
        print(f"{text.title}：{text.detail}{text.advice}", file=sys.stderr)
        if asked.json:
            print(refused_json(refusal))
        return 0 if refusal.code == "before_first_rule" else 2
    if asked.json:
        print(guide_json(view))
        return 0
    places = {place: place_view(getattr(asked, place)).full_name for place in ("household", "residence")}
    print(guide_in_words(view, item=question.item, **places))
    return 0


def _question(asked: argparse.Namespace) -> GuideQuestion:
    not_a_parent = asked.guardian_relation == "other"
    proof = asked.guardian_proof or asked.own_proof
    owner = Whose.GUARDIAN if asked.guardian_proof else Whose.APPLICANT
    return GuideQuestion(
        item=asked.item,
        household=asked.household,
        residence=asked.residence,
        birth=asked.birth,
        on=asked.on,
        relation=GuardianshipCase.DECIDED_AT_COUNTER if not_a_parent else asked.relation,
        held_card_before=asked.held_card or None,
        active_soldier=asked.soldier or None,
        booklet_obtainable=asked.booklet_obtainable or None,
        applied_online=asked.applied_online or None,
        proof=ProofKind(proof) if proof else None,
        proof_of=owner if proof else None,
    )
