"""A station's code scanned on a poster: its hours, how busy it is today, and booking there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.topic import Chat, Topic, ask, say
from casework.stations import station_today
from casework.talk import About, Answer
from templates.shown import when

_NAME: Final = "station"


async def station_scanned(chat: Chat) -> Answer:
    """Whoever follows or scans: the station of the code, or a welcome where the code names none."""
    scene = chat.push.text
    today = await station_today(chat.deps, scene.removeprefix("station:")) if scene else None
    if today is None:
        return say("welcome")
    answer = ask(
        "station_today", _NAME, {"point": today.point.code},
        station=today.point.name, address=today.point.address, hours=today.point.hours, phone=today.point.phone,
        booked=str(today.booked), free=when(today.next_free) if today.next_free else None,
    )  # fmt: skip
    return replace(answer, about=(About(point=today.point.code),))


async def _nothing_to_go_on(_chat: Chat, _facts: Mapping[str, Any]) -> Answer | None:
    return None


STATION: Final = Topic(_NAME, (), station_scanned, _nothing_to_go_on)
