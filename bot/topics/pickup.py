"""领证: whether the card is there, where it waits, and what to bring."""

from typing import Final

from bot.topic import Chat, Topic, say
from casework.chat_cases import cards_to_collect
from casework.talk import Answer


async def _pickup(chat: Chat) -> Answer:
    cards = await cards_to_collect(chat.deps, chat.known)
    if not cards:
        return say("pickup_none")
    lines = [
        {
            "item": card.item_label,
            "name": card.name_masked,
            "state": card.state_label,
            "next_step": card.next_step,
            "station": card.station.name if card.station else None,
            "address": card.station.address if card.station else None,
            "hours": card.station.hours if card.station else None,
            "phone": card.station.phone if card.station else None,
        }
        for card in cards
    ]
    return say("pickup", lines=lines)


PICKUP: Final = Topic("pickup", ("领证", "取证", "领取", "领身份证", "取身份证", "拿证"), _pickup, for_known=True)
