import pytest

from templates.fill import fill

TEXT = "{name}，[[编号{number}，[领取：{hours}。]]]100%{{x}}{name}%s"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"name": "张*", "number": "1", "hours": "9:00"}, "张*，编号1，[领取：9:00。]100%{}张*%s"),
        ({"name": "张*", "number": "1"}, "张*，]100%{}张*%s"),
        ({"name": "张*", "number": " ", "hours": "9:00", "x": 5}, "张*，]100%{5}张*%s"),
        ({"name": "{number}%s%(x)s[[", "number": "[[{name}]]", "hours": "%"},
         "{number}%s%(x)s[[，编号[[{name}]]，[领取：%。]100%{}{number}%s%(x)s[[%s"),
        ({}, "，]100%{}%s"),
    ],
)  # fmt: skip
def test_facts_take_their_places_and_are_never_read_again(facts: dict[str, object], told: str) -> None:
    """Once and again: what is remembered of a text holds no facts."""
    assert [fill(TEXT, facts), fill(TEXT, {}), fill(TEXT, facts)] == [told, "，]100%{}%s", told]
