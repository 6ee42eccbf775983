"""What must be whole before anything starts: the rules, and the words that people will read."""

from pathlib import Path

from domain.policy.loader import BrokenRules, load_rulebook
from templates.letters import check_letters
from templates.notices import check_notices


def check_words_and_rules(letters: Path | None = None) -> list[str]:
    """Every problem of rule files, notices and letters, for the operator; empty when all is well.

    ``letters``: the operator's own folder of letters, checked with ours.
    """
    return [*_check_rules(), *check_notices(), *check_letters(letters)]


def _check_rules() -> list[str]:
    try:
        load_rulebook()
    except BrokenRules as error:
        return [f"rules: {error}"]
    return []
