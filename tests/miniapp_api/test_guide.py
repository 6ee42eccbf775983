"""The guide at this door: the same answer as everywhere, the wizard's next question, and the page for a phone."""

import html
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from domain.identity_number import check_character
from domain.wizard import Ask

Door = TestClient[Any, Any]
ADULT = {"item": "id_card_first_application", "household": "360702", "residence": "360103"}
NUMBER = "36070220070304001"
NUMBER += check_character(NUMBER)
PLACES = re.compile(r'<button class="choice" name="(\w+)" value="(\w+)">')


async def asked(door: Door, answers: dict[str, Any]) -> dict[str, Any]:
    answer = await door.post("/api/v1/guide/next-question", json=answers)
    assert answer.status == 200
    told: dict[str, Any] = await answer.json()
    return told


async def page(door: Door, **query: str) -> tuple[int, str]:
    answer = await door.get("/guide", params=query)
    return answer.status, html.unescape(await answer.text())


async def test_the_wizard_asks_one_question_after_the_other_until_the_answer_is_decided(door: Door) -> None:
    """R195: what is asked is what the answer needs."""
    replies = {
        **ADULT,
        "birth_date": "2007-03-04",
        "held_card_before": False,
        "active_soldier": False,
        "proof": "employment",
    }
    told: dict[str, Any] = {}
    order = []
    while (step := await asked(door, told))["ask"]:
        assert step["question"]
        order.append(step["ask"])
        told[step["ask"]] = replies[step["ask"]]
    assert order == list(replies)
    assert step["guide"]["allowed"] is True
    assert step["guide"]["scope"] == "province-wide"
    assert [paper["what"] for paper in step["guide"]["materials"]] == ["居民户口簿", "合法稳定就业证明材料"]


async def test_what_the_identity_number_says_is_never_asked(door: Door) -> None:
    step = await asked(door, {**ADULT, "identity_number": NUMBER})
    assert step["ask"] == Ask.HELD_CARD_BEFORE


async def test_choices_are_told_with_their_words(door: Door) -> None:
    first = await asked(door, {})
    assert {"value": "id_card_first_application", "text": "首次申领居民身份证"} in first["choices"]
    held = await asked(door, {**ADULT, "birth_date": "2007-03-04"})
    assert held["choices"] == [{"value": True, "text": "是"}, {"value": False, "text": "否"}]


async def test_a_refusal_ends_the_asking_with_every_reason(door: Door) -> None:
    step = await asked(door, {**ADULT, "birth_date": "2007-03-04", "held_card_before": True})
    assert step["ask"] is None
    assert step["guide"]["allowed"] is False
    assert [reason["code"] for reason in step["guide"]["reasons"]] == ["held_card_already"]
    assert all(reason["source"] and reason["advice"] for reason in step["guide"]["reasons"])


@pytest.mark.parametrize("answers", [{"household": "990000"}, {"item": "passport"}, {"birth_date": "2007-02-30"}])
async def test_an_answer_that_can_not_be_is_refused(door: Door, answers: dict[str, Any]) -> None:
    refused = await door.post("/api/v1/guide/next-question", json={**ADULT, **answers})
    assert refused.status == 422
    assert (await refused.json())["advice"]


async def test_the_guide_takes_the_answers_that_exclude(door: Door) -> None:
    query = {**ADULT, "birth": "2007-03-04", "active_soldier": "true", "held_card_before": "true"}
    answer = await (await door.get("/api/v1/guide", params=query)).json()
    assert [reason["code"] for reason in answer["reasons"]] == ["held_card_already", "active_soldier"]
    assert answer["fee"] == 0
    assert answer["hints"]


async def test_places_are_found_by_pinyin_and_first_letters(door: Door) -> None:
    for typed in ("changsha", "cs", "长沙"):
        found = await (await door.get("/api/v1/divisions", params={"q": typed})).json()
        assert "430100" in [place["code"] for place in found]


async def test_the_page_leads_from_the_first_question_to_the_answer_without_script(door: Door) -> None:
    status, first = await page(door)
    assert status == 200
    assert "<script" not in first
    assert ("item", "id_card_first_application") in PLACES.findall(first)
    _, provinces = await page(door, item="id_card_first_application")
    assert ("in", "360000") in PLACES.findall(provinces)
    _, cities = await page(door, item="id_card_first_application", **{"in": "360000"})
    assert ("in", "360700") in PLACES.findall(cities)
    _, counties = await page(door, item="id_card_first_application", **{"in": "360700"})
    assert ("household", "360702") in PLACES.findall(counties)
    _, searched = await page(door, item="id_card_first_application", household="360702", q="xihu")
    assert ("residence", "360103") in PLACES.findall(searched)
    _, answer = await page(
        door, **ADULT, birth_date="2007-03-04", held_card_before="false", active_soldier="false", proof="employment"
    )
    assert "可以在现居住地办理" in answer
    assert "合法稳定就业证明材料" in answer
    assert "免费" in answer


async def test_the_page_tells_every_reason_and_what_to_do_instead(door: Door) -> None:
    _, answer = await page(
        door, item="id_card_first_application", household="360103", residence="360103", birth_date="2007-03-04"
    )
    assert "暂时不能这样办理" in answer
    assert "请直接到户籍地派出所或户政大厅办理" in answer
    assert "江西省首次申领居民身份证" in answer


@pytest.mark.parametrize(
    "wrong",
    [{"item": "passport"}, {"household": "990000"}, {"birth_date": "2007-02-30"}, {"in": "nowhere"}, {"q": "没有这里"}],
)
async def test_what_the_page_can_not_read_is_asked_again_and_never_an_error(door: Door, wrong: dict[str, str]) -> None:
    status, text = await page(door, **{**ADULT, **wrong})
    assert status in {200, 422}
    assert ('role="alert"' in text) == (status == 422)
    assert "<form" in text


async def test_the_page_may_not_be_framed_and_loads_only_its_style(door: Door) -> None:
    answer = await door.get("/guide")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    style = await door.get("/guide/guide.css")
    assert style.content_type == "text/css"


async def test_the_page_shows_what_was_typed_as_text(door: Door) -> None:
    answer = await door.get("/guide", params={"item": "id_card_first_application", "q": "<script>alert(1)</script>"})
    assert "<script>" not in await answer.text()


async def test_a_place_without_any_answer_shows_the_provinces(door: Door) -> None:
    _, text = await page(door, item="household_certificate")
    assert ("household", "660000") in PLACES.findall(text)
