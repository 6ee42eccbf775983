"""What the rules say of temporary cards and household registration certificates (B20–B22, B43, R160–R172, R184)."""

from dataclasses import replace
from datetime import date

import pytest

from domain.acceptance import CHECKS, acceptance_rule, handover_checks
from domain.certificate import certifiable, check_content, check_matters, fits_on_the_spot
from domain.division import find_division
from domain.policy.loader import load_rulebook
from domain.policy.rule import Row, Rulebook, Rules
from domain.refusal import Refusal
from domain.temporary_card import check_need, insist_may_be_asked, temporary_card_rule
from domain.terms import CaseState, CertificateMatter, CertificateWay, ServiceItem

BOOK = load_rulebook()
TODAY = BOOK.on(date(2026, 11, 20))
ID_CARD, TEMPORARY, CERTIFICATE = ServiceItem
JIANGXI, GUANGDONG = find_division("360102"), find_division("440304")


@pytest.mark.parametrize(
    ("item", "is_minor", "checks"),
    [
        (ID_CARD, False, ("face_check_done", "compared")),
        (ID_CARD, True, ("guardian_present", "same_frame_photo", "face_check_done", "compared")),
        (TEMPORARY, False, ("urgency_heard", "compared")),
        (CERTIFICATE, False, ("identity_checked", "conditions_checked", "service_chosen")),
        (CERTIFICATE, True, ("guardian_present", "identity_checked", "conditions_checked", "service_chosen")),
    ],
)
def test_what_is_done_face_to_face_depends_on_item_and_age(
    item: ServiceItem, is_minor: bool, checks: tuple[str, ...]
) -> None:
    """R031, R070, R071, R073 for the identity card, R161 and R162 for a certificate, B20 for a temporary card."""
    rule = acceptance_rule(TODAY, item, is_minor=is_minor)
    assert rule.checks == checks
    assert set(rule.checks) <= set(CHECKS)
    assert rule.source


def test_only_the_identity_card_has_numbers_of_the_population_system() -> None:
    """R143 and R145 speak of the identity card alone."""
    rules = [acceptance_rule(TODAY, item, is_minor=False) for item in ServiceItem]
    assert [rule.acceptance_number for rule in rules] == [True, False, False]
    assert [rule.slip_number for rule in rules] == [True, False, False]


def test_a_certificate_is_sealed_and_a_temporary_card_paid_before_it_is_handed_over() -> None:
    """R167: 加盖户口专用章. B20: the fee of ¥10 is paid at the counter."""
    assert handover_checks(TODAY, CERTIFICATE) == ("valid_id_shown", "sealed")
    assert handover_checks(TODAY, TEMPORARY) == ("slip", "identity_checked", "fee_paid")


def test_what_may_be_certified_is_what_the_booklet_would_prove() -> None:
    """R170, B43: nine facts and five; R172: form 2 has three of them."""
    assert certifiable(TODAY, CertificateWay.BY_OFFICER) == tuple(CertificateMatter)
    spot = certifiable(TODAY, CertificateWay.ON_THE_SPOT)
    assert [matter.value for matter in spot] == ["name", "identity_number", "registered_address"]


@pytest.mark.parametrize(
    ("matters", "other", "fits"),
    [
        ({CertificateMatter.NAME, CertificateMatter.REGISTERED_ADDRESS}, "", True),
        ({CertificateMatter.NAME, CertificateMatter.KINSHIP}, "", False),
        ({CertificateMatter.NAME}, "曾在何处登记", False),
    ],
)
def test_on_the_spot_answers_no_more_than_three_facts(matters: set[CertificateMatter], other: str, fits: bool) -> None:
    """R169, R172."""
    assert fits_on_the_spot(TODAY, matters, other) is fits


def test_a_certificate_is_asked_for_by_the_list_or_in_words() -> None:
    """R170, D15."""
    chosen = (CertificateMatter.KINSHIP, CertificateMatter.NAME)
    assert check_matters(TODAY, chosen, "  曾在何处\n登记 ") == ("name,kinship", "曾在何处 登记")
    with pytest.raises(Refusal, match="certificate_matter_required"):
        check_matters(TODAY, (), " \u200b")
    with pytest.raises(Refusal, match="certificate_matter_too_long"):
        check_matters(TODAY, (), "一" * 201)


def test_the_household_station_s_words_stay_as_they_are() -> None:
    """R167: form 1 is issued by the content that was fed back."""
    assert check_content(" 第一行。\r\n\r\n第二行。 ") == "第一行。\n第二行。"
    with pytest.raises(Refusal, match="certificate_content_required"):
        check_content(" \n ")
    with pytest.raises(Refusal, match="certificate_content_too_long"):
        check_content("一" * 601)


def test_what_rests_on_secondary_sources_says_so() -> None:
    """B20–B22: no seed says how a temporary card is made."""
    rows = BOOK.rules["temporary_card"].rows
    assert {value.source.reliability for row in rows for value in row.values} == {"secondary"}
    assert all(value.assumed for row in rows for value in row.values)
    assert "比照" in temporary_card_rule(TODAY, JIANGXI).source


def test_a_province_that_does_it_another_way_gets_a_row() -> None:
    """B21, B22: switchable per province, by data alone."""
    other = switched(same_station=False, after_issue=False, with_id_card=False)
    here, there = temporary_card_rule(other, GUANGDONG), temporary_card_rule(other, JIANGXI)
    assert (here.with_id_card, here.same_station, here.after_issue) == (False, False, False)
    assert (there.with_id_card, there.same_station, there.after_issue) == (True, True, True)
    with pytest.raises(Refusal, match="temporary_card_after_acceptance"):
        insist_may_be_asked(here, CaseState.OPEN)
    insist_may_be_asked(here, CaseState.ACCEPTED)


@pytest.mark.parametrize("state", CaseState)
def test_a_temporary_card_is_asked_for_while_the_identity_card_is_not_made(state: CaseState) -> None:
    """B20: 申领、换领、补领期间; C4: not produced yet."""
    rule = temporary_card_rule(TODAY, GUANGDONG)
    if state in {CaseState.OPEN, CaseState.ACCEPTED, CaseState.UNDER_REVIEW, CaseState.ISSUED, CaseState.IN_PRODUCTION}:
        return insist_may_be_asked(rule, state)
    with pytest.raises(Refusal, match="temporary_card_too_late"):
        insist_may_be_asked(rule, state)
    return None


def test_the_urgent_need_is_stated() -> None:
    """B20: 急需使用居民身份证."""
    assert check_need(" 近期 参加\n考试 ") == "近期 参加 考试"
    with pytest.raises(Refusal, match="urgent_need_required"):
        check_need("  ")
    with pytest.raises(Refusal, match="urgent_need_too_long"):
        check_need("急" * 201)


def test_an_entry_of_the_directory_grows_stale_after_a_quarter() -> None:
    """R184 says 定期 only: the number is the house's own."""
    value = TODAY.need("directory")
    assert (value.number("stale_after_days"), value.source.reliability) == (90, "default")


def switched(**flags: bool) -> Rules:
    """Today's rules with another value for Guangdong."""
    rule = BOOK.rules["temporary_card"]
    rows = tuple(_with(row, flags) if row.selects else row for row in rule.rows)
    book: Rulebook = replace(BOOK, rules={**BOOK.rules, rule.name: replace(rule, rows=rows)})
    return book.on(TODAY.day)


def _with(row: Row, flags: dict[str, bool]) -> Row:
    return replace(row, values=tuple(replace(value, fields={**(value.fields or {}), **flags}) for value in row.values))
