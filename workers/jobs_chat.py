"""The chat: answers that took too long for WeChat, and talks that are over."""

from casework import late_answers, talk
from casework.deps import Deps


async def answer_late(deps: Deps) -> int:
    """Answer what is owed in the chat; returns how many were taken in hand."""
    return await late_answers.answer_late(deps)


async def tidy_talks(deps: Deps) -> int:
    """Delete what the chat need not know any more; returns how much."""
    return await talk.tidy_talks(deps)
