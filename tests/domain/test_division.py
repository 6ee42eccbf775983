"""Places: codes, names, belonging (GB/T 2260, R010)."""

import pytest

from domain.division import (
    CORPS,
    Level,
    children,
    find_division,
    has_counties,
    name_of_region,
    province_short_names,
    provinces,
    same_province,
    search_divisions,
)
from domain.refusal import Refusal


@pytest.mark.parametrize(
    ("code", "full_name", "level"),
    [
        ("36", "江西省", Level.PROVINCE),
        ("360000", "江西省", Level.PROVINCE),
        ("3607", "江西省赣州市", Level.CITY),
        ("440304", "广东省深圳市福田区", Level.COUNTY),
        ("110101", "北京市东城区", Level.COUNTY),
        ("441900", "广东省东莞市", Level.CITY),
        ("429004", "湖北省仙桃市", Level.COUNTY),
        ("659001", "新疆维吾尔自治区石河子市", Level.COUNTY),
        ("653228", "新疆维吾尔自治区和田地区和安县", Level.COUNTY),
        ("653229", "新疆维吾尔自治区和田地区和康县", Level.COUNTY),
        ("810000", "香港特别行政区", Level.PROVINCE),
        ("４４０３０４", "广东省深圳市福田区", Level.COUNTY),
    ],
)
def test_codes_of_two_four_and_six_digits_are_taken(code: str, full_name: str, level: Level) -> None:
    division = find_division(code)
    assert (division.full_name, division.level) == (full_name, level)


@pytest.mark.parametrize("code", ["", "3", "99", "360199", "36010", "3601030", "abcdef", "江西", "36 01"])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(Refusal, match="division_unknown"):
        find_division(code)


def test_every_division_lies_in_a_province_and_every_county_in_a_city_of_the_table() -> None:
    for division in search_divisions("区", limit=5000) + search_divisions("县", limit=5000):
        assert find_division(division.province).level is Level.PROVINCE
        assert division.city is None or find_division(division.city).level is Level.CITY


def test_there_are_34_provinces_and_the_corps_beside_them() -> None:
    assert len(provinces()) == 35
    corps = find_division(CORPS)
    assert corps.name == "新疆生产建设兵团"
    assert not same_province(corps, find_division("650100"))


def test_two_places_are_of_one_province_by_their_codes() -> None:
    assert same_province(find_division("3601"), find_division("360702"))
    assert not same_province(find_division("3601"), find_division("440100"))


def test_short_names_an_address_may_begin_with() -> None:
    assert province_short_names("360103") == ("江西省", "江西", "赣")
    assert province_short_names("65") == ("新疆维吾尔自治区", "新疆", "新")
    assert province_short_names("51") == ("四川省", "四川", "川", "蜀")
    assert province_short_names("15") == ("内蒙古自治区", "内蒙古", "蒙")


@pytest.mark.parametrize(
    ("text", "first"),
    [("福田", "440304"), ("3607", "360700"), ("广东深圳", "440300"), ("赣州章贡", "360702"), ("江西", "360000")],
)
def test_a_place_is_found_by_part_of_its_name_or_code(text: str, first: str) -> None:
    assert search_divisions(text)[0].code == first


def test_search_is_bounded_and_empty_text_finds_nothing() -> None:
    assert len(search_divisions("市", limit=7)) == 7
    assert search_divisions("  ") == ()
    assert search_divisions("没有这个地方") == ()


def test_a_picker_steps_over_grouping_rows() -> None:
    beijing = [d.name for d in children(find_division("11"))]
    assert "东城区" in beijing
    assert "市辖区" not in beijing
    hubei = [d.name for d in children(find_division("42"))]
    assert {"武汉市", "仙桃市"} <= set(hubei)
    assert "江岸区" not in hubei


def test_cities_without_counties_are_known() -> None:
    assert not has_counties(find_division("441900"))
    assert has_counties(find_division("440300"))
    assert not has_counties(find_division("440304"))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("changsha", "430100"),
        ("cs", "430100"),
        ("chongqing", "500000"),
        ("CQ", "500000"),
        ("xiamen", "350200"),
        ("lu'an", "341500"),
        ("luan", "341500"),
        ("bengbu", "340300"),
        ("bozhou", "341600"),
        ("taizhou", "331000"),
        ("lishui", "331100"),
        ("panyu", "440113"),
        ("dongguan", "441900"),
        ("yanshan", "361124"),
        ("shexian", "341021"),
        ("xunxian", "410621"),
        ("xingyang", "410182"),
        ("dabu", "441422"),
        ("weishi", "410223"),
        ("hunchun", "222404"),
        ("lvliang", "141100"),
        ("luliang", "141100"),
        ("lüliang", "141100"),
        ("guangdongsheng", "440000"),
        ("ft", "440304"),
    ],
)
def test_a_place_is_found_by_the_pinyin_of_its_name_or_its_first_letters(typed: str, code: str) -> None:
    assert code in [found.code for found in search_divisions(typed, limit=8)]


def test_a_whole_name_stands_before_its_beginning_and_larger_places_first() -> None:
    assert [found.code for found in search_divisions("jilin", limit=2)] == ["220000", "220200"]
    assert search_divisions("hunan")[0].code == "430000"


def test_every_place_has_pinyin_of_as_many_syllables_as_its_name() -> None:
    odd = [d.name for d in search_divisions("区", limit=9999) if len(d.pinyin) != len(d.name)]
    assert odd == []
    assert all(syllable.isascii() and syllable.isalpha() for p in provinces() for syllable in p.pinyin)


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("440304", "广东省深圳市福田区"),
        ("110103", "北京市崇文区"),
        ("320721", "江苏省赣榆县"),
        ("362101", "江西省赣州市（赣州地区）"),
        ("510222", "四川省巴县"),
        ("512301", "四川省涪陵市（涪陵地区）"),
        ("369999", "江西省"),
        ("999999", None),
    ],
)
def test_the_region_of_an_old_number_has_a_name_and_at_least_its_province(region: str, name: str | None) -> None:
    assert name_of_region(region) == name


def test_a_retired_code_names_no_place_to_choose_today() -> None:
    """Nobody applies in a county that is gone: it only explains a number."""
    with pytest.raises(Refusal, match="division_unknown"):
        find_division("110103")
