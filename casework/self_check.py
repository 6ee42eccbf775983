"""What must be whole before anything starts: the rules, and the words that people will read."""

from domain.policy.loader import BrokenRules, load_rulebook
from templates.letters import check_letters
from templates.notices import check_notices


def check_words_and_rules() -> list[str]:
    """Every problem of rule files, notices and letters, for the operator; empty when all is well."""
    return [*_check_rules(), *check_notices(), *check_letters()]


def _check_rules() -> list[str]:
    try:
        load_rulebook()
    except BrokenRules as error:
        return [f"rules: {error}"]
    return []
