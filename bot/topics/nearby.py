"""附近: a place sent into the chat is answered with the nearest stations, and forgotten."""

from dataclasses import replace
from typing import Final

from bot.topic import Chat, Topic, say
from casework.stations import stations_near as nearest
from casework.talk import About, Answer
from domain.position import Position


async def stations_near(chat: Chat) -> Answer:
    """The nearest stations to a place that was sent. A hundred metres are exact enough; nothing of it is kept."""
    here = Position(round(chat.push.facts["latitude"], 3), round(chat.push.facts["longitude"], 3))
    found = await nearest(chat.deps, here)
    if not found:
        return say("nearby_none")
    lines = [
        {
            "station": one.name,
            "address": one.address,
            "hours": one.hours,
            "phone": one.phone,
            "distance": f"{(one.distance_metres or 0) / 1000:.1f}公里",
        }
        for one in found
    ]
    return replace(say("nearby_found", lines=lines), about=tuple(About(point=one.code) for one in found))


async def _how(_chat: Chat) -> Answer:
    return say("nearby")


NEARBY: Final = Topic("nearby", ("附近", "附近受理点", "受理点", "在哪办", "去哪办", "地址"), _how, to_anyone=True)
