"""Values that no single answer shows: centres, settlement, checks, attendance, and how each cites its requirement."""

from datetime import date

import pytest

from domain.division import find_division
from domain.policy.loader import load_rulebook
from domain.policy.rule import Key, RuleMissing, Value
from domain.terms import CollectorKind, ServiceItem

BOOK = load_rulebook()
RULES = BOOK.on(date(2026, 11, 20))
CARD = ServiceItem.ID_CARD_FIRST_APPLICATION
JIANGXI, GUANGDONG, HUBEI = (find_division(code) for code in ("36", "44", "42"))


def value(name: str, *carries: str, **keys: Key) -> Value:
    """The value in force, after a look at the requirements it carries."""
    found = RULES.need(name, **keys)
    assert set(carries) <= set(found.rules)
    return found


def test_jiangxi_has_two_card_centres_and_the_accepting_place_routes() -> None:
    centres = value("card_centre", "R110", residence=find_division("360702")).texts("centres")
    assert centres == ("江西省公安厅居民身份证制证中心", "赣州市公安局居民身份证制证所")


def test_guangdong_has_centres_in_guangzhou_and_shenzhen() -> None:
    centres = value("card_centre", "R114", residence=GUANGDONG).texts("centres")
    assert centres == ("广州市公安制证部门", "深圳市公安制证部门")


def test_no_centre_is_made_up_for_a_province_no_source_speaks_of() -> None:
    with pytest.raises(RuleMissing):
        value("card_centre", residence=HUBEI)


def test_jiangxi_hands_up_seventeen_yuan_for_each_first_card() -> None:
    settled = value("settlement", "R151", "R152", item=CARD, household=JIANGXI)
    assert (settled.number("fen"), settled.number("state_fen"), settled.number("province_fen")) == (1700, 1300, 400)


def test_review_compares_six_fields_photo_reason_and_libraries() -> None:
    checks = value("review_checks", "R094", "R095", "R096", "R097", item=CARD, household=HUBEI).texts("checks")
    assert checks[:6] == ("identity_number", "name", "sex", "ethnicity", "birth_date", "address")
    assert checks[6:] == ("photo", "first_application", "libraries")


def test_guangdong_looks_at_the_address_first() -> None:
    assert value("review_checks", "R079", "R100", item=CARD, household=GUANGDONG).texts("checks")[0] == "address"


def test_what_can_not_be_verified_is_the_household_places_to_check() -> None:
    item = ServiceItem.HOUSEHOLD_CERTIFICATE
    assert value("review_checks", "R165", "R166", item=item, household=HUBEI).texts("checks") == ("identity",)


def test_a_certificate_is_collected_where_it_was_asked_for() -> None:
    item = ServiceItem.HOUSEHOLD_CERTIFICATE
    assert value("delivery", "R167", "R169", item=item, residence=HUBEI).texts("modes") == ("station",)


def test_a_card_travels_to_the_station_or_by_post() -> None:
    assert value("delivery", "R113", item=CARD, residence=JIANGXI).texts("modes") == ("station", "post")


def test_a_minor_comes_with_a_guardian_for_a_photo_together() -> None:
    assert value("attendance", "R031", "R073", "R142", item=CARD, age="under_16").texts("who") == (
        "applicant",
        "guardian",
    )
    assert value("attendance", "R030", "R142", item=CARD, age="over_16").texts("who") == ("applicant",)


def test_guangdong_may_ask_for_a_photo_receipt() -> None:
    notes = RULES.all("note", item=CARD, scope="cross-province", household=HUBEI, residence=GUANGDONG)
    assert [(note.text("code"), "R049" in note.rules) for note in notes] == [("photo_receipt_may_be_asked", True)]


def test_the_yangtze_deltas_online_channel_is_pointed_to() -> None:
    keys: dict[str, Key] = {
        "household": find_division("34"),
        "residence": find_division("31"),
        "scope": "cross-province",
    }
    notes = RULES.all("note", item=ServiceItem.HOUSEHOLD_CERTIFICATE, **keys)
    assert [(note.text("code"), note.rules) for note in notes] == [("yangtze_delta_online", ("R024",))]


def test_certificates_need_no_asking_because_all_stations_do_the_same() -> None:
    item = ServiceItem.HOUSEHOLD_CERTIFICATE
    keys: dict[str, Key] = {"item": item, "scope": "cross-province", "residence": HUBEI}
    assert value("confirmation", "R080", **keys).flag("needed") is False


def test_certificates_concern_people_of_two_places_on_the_mainland() -> None:
    item = ServiceItem.HOUSEHOLD_CERTIFICATE
    found = value("exclusion", "R023", "R160", item=item, answer="residence_outside_mainland")
    assert found.text("code") == "residence_outside_mainland"


def test_jiangxis_own_system_carries_the_case() -> None:
    assert value("availability", "R021", "R022", item=CARD, scope="province-wide", household=JIANGXI, residence=JIANGXI)


def test_a_relative_shows_their_own_card() -> None:
    assert "proxy_id_card" in value("collection", "R036", "R121", collector=CollectorKind.PROXY).texts("checks")


@pytest.mark.parametrize(
    ("day", "province", "linked"),
    [
        (date(2023, 3, 11), "11", None),
        (date(2023, 3, 12), "11", False),
        (date(2024, 5, 26), "65", False),
        (date(2024, 5, 27), "65", True),
        (date(2023, 12, 31), "42", None),
        (date(2024, 1, 1), "42", True),
    ],
)
def test_whether_a_province_is_linked_to_the_ministry_is_dated(day: date, province: str, linked: bool | None) -> None:
    """R025; the four of R016 by name, the others by no source before the goal of R009."""
    found = BOOK.on(day).need("ministry_link", household=find_division(province))
    assert found.maybe_flag("linked") is linked


def test_the_block_ends_by_a_dated_null_that_rests_on_a_secondary_source() -> None:
    """R017: the notice left the end open; what ended it is a report, and says so."""
    rows = [row for row in BOOK.rules["block"].rows if "id_card_first_application" in row.selects["item"]]
    first, last = rows[0].values
    assert (first.start, first.until) == (date(2023, 3, 12), date(2024, 5, 26))
    assert last.fields is None
    assert last.source.is_secondary
    assert last.source.url


def test_the_temporary_card_rests_on_secondary_sources_and_says_so() -> None:
    """B20–B22."""
    item = ServiceItem.TEMPORARY_ID_CARD
    asked: dict[str, dict[str, Key]] = {
        "fee": {"residence": HUBEI},
        "review_clock": {"household": HUBEI},
        "validity": {"band": "any_age"},
        "materials": {"residence": HUBEI, "age": "over_16"},
    }
    for name, keys in asked.items():
        found = RULES.need(name, item=item, **keys)
        assert found.source.is_secondary
        assert "转引，待核实" in found.cite
