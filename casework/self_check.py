"""What must be whole before anything starts: the rules, and the words that people will read."""

from pathlib import Path

from domain.policy.loader import BrokenRules, load_rulebook
from models.credit import crooked_balances
from templates.letters import check_letters
from templates.notices import check_notices


def check_words_and_rules(letters: Path | None = None) -> list[str]:
    """Every problem of rule files, notices and letters, for the operator; empty when all is well.

    ``letters``: the operator's own folder of letters, checked with ours.
    """
    return [*_check_rules(), *check_notices(), *check_letters(letters)]


async def crooked_in_words() -> list[str]:
    """Accounts whose kept number of WeChat messages is not the sum of its movements; there must be none."""
    return [
        f"message credits: account {account} and template {template}: the balance is not the sum of its movements"
        for account, template in await crooked_balances()
    ]


def _check_rules() -> list[str]:
    try:
        load_rulebook()
    except BrokenRules as error:
        return [f"rules: {error}"]
    return []
