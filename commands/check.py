"""``run.py check``: every problem an operator can mend, told at once."""

from collections.abc import Awaitable, Callable, Sequence

from casework.self_check import check_words_and_rules
from casework.settings import Settings

Probe = Callable[[Settings], Awaitable[list[str]]]
"""Asks one thing outside whether it is as it should be, and says what is not."""


async def check(settings: Settings, probes: Sequence[Probe]) -> int:
    """Print every problem of words, rules, settings and of what the probes ask; 1 if there was one."""
    problems = check_words_and_rules(settings.letters)
    if not settings.sandboxed and not settings.public_url:
        problems.append("TONGBAN_PUBLIC_URL is missing: the QR codes of letters would lead nowhere")
    for probe in probes:
        problems += await probe(settings)
    for problem in problems:
        print(f"- {problem}")
    print("All is well." if not problems else f"{len(problems)} problem(s).")
    return 1 if problems else 0
