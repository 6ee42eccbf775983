"""人工: who can be asked; the number of the person's own station where there is one."""

from typing import Final

from bot.topic import Chat, Topic, say
from casework.chat_cases import own_station
from casework.talk import Answer


async def _human(chat: Chat) -> Answer:
    station = await own_station(chat.deps, chat.citizen) if chat.citizen else None
    if station is None:
        return say("human")
    return say("human_at", station=station.name, phone=station.phone, hours=station.hours, address=station.address)


HUMAN: Final = Topic(
    "human", ("人工", "人工服务", "客服", "人工客服", "电话", "咨询", "联系方式"), _human, if_known=True
)
