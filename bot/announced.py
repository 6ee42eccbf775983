"""What is announced about the place, station or service an answer was about (R199, R201) is told along with it."""

from dataclasses import replace
from typing import Final

from casework.announce import AnnouncementView, current_announcements
from casework.deps import Deps
from casework.talk import Answer
from domain.terms import AnnouncementKind
from templates.chat import chat_text, fits_one_message
from templates.shown import when

_MOST: Final = 3
_TOLD: Final = (AnnouncementKind.OUTAGE, AnnouncementKind.NEWS)
"""Outages first. An explained policy is looked up, not pushed at people."""


async def with_announcements(deps: Deps, answer: Answer) -> Answer:
    """The answer with what is announced there, as far as one message holds it."""
    found: dict[int, AnnouncementView] = {}
    for about in dict.fromkeys(answer.about):
        told = await current_announcements(deps, division=about.division, point_code=about.point, item=about.item)
        found |= {one.id: one for one in told if one.kind in _TOLD}
    if not found:
        return answer
    first = sorted(found.values(), key=lambda one: (_TOLD.index(one.kind), -one.id))[:_MOST]
    lines = [
        {
            "title": one.title,
            "place": one.place,
            "start": when(one.starts_at) if one.starts_at else None,
            "end": when(one.ends_at) if one.ends_at else None,
        }
        for one in first
    ]
    for words in (chat_text("announced", {"lines": lines}), chat_text("announced_many", {"count": str(len(found))})):
        if fits_one_message(f"{answer.text}\n\n{words}"):
            return replace(answer, text=f"{answer.text}\n\n{words}")
    return answer
