"""材料: what to bring for the person's own cases; for whoever is not known, the guide asks."""

from typing import Final

from bot.topic import Chat, Topic, say
from bot.topics.guide import GUIDE
from casework.chat_cases import papers_to_bring
from casework.talk import Answer


async def _papers(chat: Chat) -> Answer:
    found = await papers_to_bring(chat.deps, chat.citizen) if chat.citizen else ()
    if not found:
        return await GUIDE.begin(chat)
    lines = [
        {"item": one.item_label, "name": one.name_masked, "papers": "；".join(one.papers), "who": "、".join(one.who)}
        for one in found
    ]
    return say("papers", lines=lines)


PAPERS: Final = Topic("papers", ("材料", "带什么", "要带什么", "准备材料", "所需材料"), _papers, if_known=True)
