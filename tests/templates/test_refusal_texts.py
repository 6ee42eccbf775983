"""Every no has a plain sentence, and a fact in it stays a fact."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.terms import CaseState
from templates.refusals import known_refusals, refusal_text

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "casework", "models", "templates", "gateways", "miniapp_api", "bot", "counter", "workers")
RAISED = re.compile(r'(?:Refusal|Reason)\(\s*(?:code=)?"([a-z][a-z0-9_]*)"')
OWED = """
not_signed_in session_expired consent_required consent_version_old real_name_required phone_required phone_code_required
idempotency_key_missing idempotency_key_reused person_not_yours ward_is_adult guardian_must_be_adult
ward_required_under_16 guardian_declared_already declaration_not_found declaration_stale proof_not_accepted
live_case_exists case_not_found case_not_open case_already_ended statement_required never_held_card_required
station_not_found station_without_service station_not_open_yet slot_not_found slot_past slot_full slot_beyond_horizon
booking_exists booking_not_found booking_required letter_not_required letter_on_paper letter_not_shown
letter_shown_expired letter_not_read letter_changed letter_already_signed strokes_empty strokes_too_large
signer_not_allowed age_changed not_ready_for_handoff code_unknown code_expired code_used code_other_station code_revoked
not_service_day staff_login_failed staff_session_required staff_role_missing csrf_failed
case_of_other_station not_checked_in same_frame_photo_required guardian_presence_required materials_incomplete
acceptance_number_malformed acceptance_number_used letter_unconfirmed supplements_already_listed supplements_empty
decline_reason_required reporter_unknown report_signature_bad report_stale report_not_yours report_malformed
step_out_of_order slip_mismatch collection_checks_missing collector_not_relative check_not_due card_not_arrived
too_large not_json malformed not_found method_not_allowed too_many_requests service_unavailable internal
letter_version_unknown
"""


def codes_raised() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {code for source in sources for code in RAISED.findall(source)}


def test_every_code_the_work_needs_has_a_text() -> None:
    assert set(re.findall(r"\S+", OWED)) - known_refusals() == set()


def test_every_code_raised_anywhere_in_the_house_has_a_text() -> None:
    assert codes_raised() - known_refusals() == set()


@pytest.mark.parametrize("code", sorted(known_refusals()))
def test_a_refusal_says_what_it_is_what_happened_and_what_to_do_even_without_facts(code: str) -> None:
    text = refusal_text(code, {})
    assert text.code == code
    assert text.title
    assert text.detail.endswith(("。", "！", "）"))
    assert text.advice.endswith(("。", "！", "）"))
    for part in (text.title, text.detail, text.advice):
        assert not re.search(r"[{}\[\]<>]|：。|（）|，。|None", part), part


def test_texts_use_only_the_three_parts() -> None:
    tables = tomllib.loads((ROOT / "templates/refusals.toml").read_text(encoding="utf-8"))
    parts, audiences = {"title", "detail", "advice"}, {"counter"}
    assert {code for code, words in tables.items() if not parts <= set(words) <= parts | audiences} == set()
    assert {code for code, words in tables.items() if not set(words.get("counter", {})) <= parts} == set()


def test_a_clerk_reads_words_of_their_own_where_there_are_some() -> None:
    to_citizen, to_clerk = (refusal_text("case_not_found", {}, audience=who) for who in ("", "counter"))
    assert "我的办理" in to_citizen.advice
    assert "我的办理" not in to_clerk.advice + to_clerk.detail
    assert to_clerk.title == to_citizen.title


def test_an_unknown_code_gets_a_kind_general_sentence() -> None:
    text = refusal_text("nobody_wrote_this", {"x": 1})
    assert text.code == "nobody_wrote_this"
    assert "受理点" in text.advice


def test_a_fact_fills_its_place_and_a_missing_one_takes_its_clause_along() -> None:
    assert "编号是TB-1" in refusal_text("live_case_exists", {"number": "TB-1"}).detail
    assert "编号" not in refusal_text("live_case_exists", {}).detail


@pytest.mark.parametrize(
    "typed",
    ["{number}", "{number.__class__}", "{0}", "%(number)s", "{{ 7*7 }}", "{% raise %}", "[[{number}]]", "${number}"],
)
def test_template_syntax_in_a_fact_is_only_text(typed: str) -> None:
    assert typed in refusal_text("live_case_exists", {"number": typed}).detail


def test_a_fact_can_not_smuggle_lines_or_turn_the_reading_direction() -> None:
    detail = refusal_text("live_case_exists", {"number": "A\r\nB\u202eC\x00D\u200bE\ud800"}).detail
    assert "A  BCDE" in detail


def test_moments_states_and_lists_are_shown_as_people_read_them() -> None:
    moment = datetime(2026, 9, 18, 16, 30, tzinfo=UTC)
    assert "2026年9月19日 00:30" in refusal_text("booking_exists", {"time": moment}).detail
    assert "2026年9月21日" in refusal_text("not_service_day", {"day": date(2026, 9, 21)}).detail
    assert "户籍地公安机关审核中" in refusal_text("case_not_open", {"state": CaseState.UNDER_REVIEW}).detail
    assert (
        "户口簿、出生医学证明" in refusal_text("materials_incomplete", {"missing": ("户口簿", "出生医学证明")}).detail
    )


@pytest.mark.parametrize("odd", [None, {}, {"a": 1}, object(), [], b"bytes", [{}], "", "\x00"])
def test_a_fact_without_a_plain_reading_is_left_out(odd: object) -> None:
    assert refusal_text("live_case_exists", {"number": odd}).detail == refusal_text("live_case_exists", {}).detail
