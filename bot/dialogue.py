"""What the account answers to what a person said, pressed or did. The topics stand in ``bot/topics/``, one file each.

A message begins a topic by its words, or goes on with the one that is open; nothing personal is said to a follower who
is not bound to an account. An answer is worked out, then kept with the push and the place where the talk stands.
"""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from bot.announced import with_announcements
from bot.events import take_event
from bot.guesses import Guesses
from bot.push import Push, Sort, push_from_json
from bot.topic import Chat, Topic, say
from bot.topics import BUTTONS, TOPICS, WORDS
from bot.topics.binding import bind_by_code, code_in
from bot.topics.guide import about_places
from bot.topics.nearby import stations_near
from bot.topics.station import station_scanned
from casework.chat import bound_citizen, forget_follower
from casework.deps import Deps
from casework.talk import Answer, Heard, Standing, answer_once, keep_unless_open, look_up, remember
from domain.refusal import Refusal
from templates.refusals import refusal_text

_AROUND: Final = " \t\r\n\"'“”‘’「」『』《》【】[]()。.,、!?;:~"
_LEAVE: Final = frozenset({"退出", "返回", "结束", "取消操作"})


class Dialogue:
    """The dialogue of one process; fits ``casework.ports.ChatDialogue``."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._guesses = Guesses()

    async def answer(self, push: Push, guide_page: str | None) -> str:
        """Return the words for a push, empty for none; the same push always gets the same."""
        heard = Heard(push.dedupe_key, push.appid, push.openid, push.at)
        said = unicodedata.normalize("NFKC", push.text).strip(_AROUND)
        chat = Chat(self._deps, push, said, Standing(), None, self._guesses, guide_page)
        words = await _words_to_anyone(chat)
        kept, before = await (
            look_up(self._deps, heard) if words is None else keep_unless_open(self._deps, heard, words)
        )
        if kept is not None:
            return kept
        if push.sort is Sort.UNFOLLOWED:
            return await answer_once(self._deps, heard, lambda: self._forget(push))
        if push.sort not in _TALKING:
            return await answer_once(self._deps, heard, lambda: take_event(self._deps, push))
        return await self._talked(replace(chat, before=before), heard)

    async def answer_kept(self, push: Mapping[str, Any]) -> str:
        """Return the words for a push that was kept because its answer took too long."""
        public = self._deps.settings.public_url
        return await self.answer(push_from_json(push), f"{public.rstrip('/')}/guide" if public else None)

    async def _talked(self, chat: Chat, heard: Heard) -> str:
        work, topic = _way(chat)
        if topic is not None and topic.knows:
            citizen = await bound_citizen(self._deps, appid=chat.push.appid, openid=chat.push.openid)
            chat = replace(chat, citizen=citizen)
        if work is bind_by_code or (topic is not None and topic.once):
            return await answer_once(self._deps, heard, lambda: _text_of(_kindly(work, chat)))
        answer = await with_announcements(self._deps, await _kindly(work, chat))
        return await remember(self._deps, heard, chat.before, answer)

    async def _forget(self, push: Push) -> str:
        """On leaving, everything kept about this follower is deleted; nobody is left to read a reply."""
        await forget_follower(self._deps, appid=push.appid, openid=push.openid, left_at=push.at)
        return ""


async def _words_to_anyone(chat: Chat) -> str | None:
    """The words of a topic that says the same to everybody; None where more has to be known before."""
    if chat.push.sort not in {Sort.TEXT, Sort.CLICKED}:
        return None
    _, topic = _way(chat)
    return (await topic.begin(chat)).text if topic is not None and topic.to_anyone else None


_Work = Callable[[Chat], Awaitable[Answer]]


def _way(chat: Chat) -> tuple[_Work, Topic | None]:
    """How a message is answered, and the topic it begins or goes on with."""
    sort = chat.push.sort
    if sort is Sort.LOCATION:
        return stations_near, None
    if sort in {Sort.SCANNED, Sort.FOLLOWED}:
        return station_scanned, None
    if sort is Sort.OTHER_MESSAGE:
        return _not_understood, None
    topic = BUTTONS.get(chat.push.text) if sort is Sort.CLICKED else WORDS.get(chat.said)
    if topic is not None:
        return _begun(topic), topic
    if code_in(chat.said, bare=not _is_open(chat)):  # eight digits may answer a question: a day
        return bind_by_code, None
    return _go_on, TOPICS.get(chat.before.topic or "")


def _begun(topic: Topic) -> _Work:
    async def begin(chat: Chat) -> Answer:
        if topic.for_known and chat.citizen is None:
            return say("not_bound")
        return await topic.begin(chat)

    return begin


def _is_open(chat: Chat) -> bool:
    return chat.before.topic in TOPICS


async def _go_on(chat: Chat) -> Answer:
    """The answer to what was asked last; else what two places mean; else the words there are."""
    open_topic = TOPICS.get(chat.before.topic or "")
    if open_topic is not None and chat.said in _LEAVE:
        return say("stopped")
    if open_topic is not None and open_topic.go_on is not None and not (open_topic.for_known and chat.citizen is None):
        answer = await open_topic.go_on(chat, chat.before.facts)
        if answer is not None:
            return answer
    if told := about_places(chat):
        return told
    if chat.before.outrun and len(chat.said) <= 2:
        return say("out_of_order")
    return await _not_understood(chat)


async def _not_understood(chat: Chat) -> Answer:
    """The words there are; what was asked stays open."""
    if _is_open(chat):
        return replace(say("again"), topic=chat.before.topic, facts=chat.before.facts)
    return say("fallback")


async def _kindly(work: _Work, chat: Chat) -> Answer:
    """What the acts refuse is told in their words; what was asked stays open."""
    try:
        return await work(chat)
    except Refusal as refusal:
        if refusal.code == "service_unavailable":
            raise  # nothing to be kept as the answer: WeChat brings the push again
        told = refusal_text(refusal.code, refusal.facts)
        return Answer(f"{told.title}\n{told.detail}\n{told.advice}", chat.before.topic, chat.before.facts)


async def _text_of(answer: Awaitable[Answer]) -> str:
    return (await answer).text


_TALKING: Final = frozenset({Sort.TEXT, Sort.LOCATION, Sort.OTHER_MESSAGE, Sort.FOLLOWED, Sort.SCANNED, Sort.CLICKED})
