"""The wizard's questions have words a person can answer."""

import pytest

from domain.wizard import CHOICES, Ask
from templates.labels import label
from templates.questions import question_words


@pytest.mark.parametrize("ask", Ask)
def test_every_question_of_the_wizard_is_worded(ask: Ask) -> None:
    words = question_words(ask)
    assert words.question.endswith("？")
    assert words.hint
    assert words.short


def test_every_choice_of_the_wizard_has_a_name() -> None:
    offered = {choice for choices in CHOICES.values() for choice in choices} - {"yes", "no"}
    assert {choice for choice in offered if label(choice) == choice} == set()
