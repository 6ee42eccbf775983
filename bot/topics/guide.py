"""指南: the wizard asks one thing after the other and ends with the papers; two places at once are answered at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from bot.topic import NO, YES, Begin, Chat, Topic, ask, chosen, numbered, say
from casework.explain_policy import (
    Answers,
    NextStepView,
    PlaceView,
    answers_from_words,
    for_both_ages,
    general_guide,
    next_step,
    place_view,
    places_named,
)
from casework.talk import About, Answer
from domain.terms import ServiceItem
from domain.wizard import Ask
from templates.guide import guide_in_chat, one_guide_in_chat
from templates.labels import label

_NAME: Final = "guide"
_CARD: Final = ("首次申领", "首次申领身份证", "首次申领居民身份证", "身份证", "居民身份证", "办身份证")
_TEMPORARY: Final = ("临时", "临时证", "临时身份证", "临时居民身份证", "申领临时居民身份证")
_CERTIFICATE: Final = ("证明", "户籍证明", "户籍类证明", "户籍事项证明", "开户籍证明", "开具户籍类证明")
_ANY: Final = ("指南", "办理指南")
ITEMS: Final[Mapping[str, ServiceItem]] = {
    **dict.fromkeys((*_ANY, *_CARD), ServiceItem.ID_CARD_FIRST_APPLICATION),
    **dict.fromkeys(_TEMPORARY, ServiceItem.TEMPORARY_ID_CARD),
    **dict.fromkeys(_CERTIFICATE, ServiceItem.HOUSEHOLD_CERTIFICATE),
}
"""What a question about two places begins with: 指南 赣州 深圳."""

_BETWEEN = re.compile(r"[\s,;/、]+")
_DAY = re.compile(r"([0-9]{4})\s*[-./年]?\s*([0-9]{1,2})\s*[-./月]?\s*([0-9]{1,2})\s*日?")
_PLACES: Final = frozenset({Ask.HOUSEHOLD, Ask.RESIDENCE})
_MOST_PLACES: Final = 8
_TWO: Final = 2
_OLDEST: Final = 130  # years


def about_places(chat: Chat) -> Answer | None:
    """The rulebook's answer for 户籍地 and 现居住地 by their names; None where the message is no such question."""
    word, *names = re.split(_BETWEEN, chat.said)
    if word not in ITEMS:
        return None
    facts = {"word": word, "item": label(ITEMS[word], "ServiceItem"), "link": chat.guide_page}
    if len(names) != _TWO:
        return say("guide_places", facts)
    meant = [places_named(name) for name in names]
    for name, places in zip(names, meant, strict=True):
        if not places:
            return say("place_unknown", facts, place=name)
        if len(places) > 1:
            full = [place.full_name for place in places]
            return say("place_several", facts, place=name, places=full, example=full[0])
    told = _for_both_ages(chat, ITEMS[word], meant[0][0], meant[1][0])
    return Answer(told, about=(About(division=meant[1][0].code, item=ITEMS[word]),))


def _for_both_ages(chat: Chat, item: ServiceItem, household: PlaceView, residence: PlaceView) -> str:
    adult, minor = for_both_ages(chat.deps.rulebook, item, household.code, residence.code, chat.deps.today())
    places = {"household": household.full_name, "residence": residence.full_name}
    return guide_in_chat(adult, minor, item=item, **places, link=_link(chat, item, household.code, residence.code))


def _link(chat: Chat, item: ServiceItem, household: str, residence: str) -> str | None:
    query = urlencode({"item": item, "household": household, "residence": residence})
    return f"{chat.guide_page}?{query}" if chat.guide_page else None


def _beginning(item: ServiceItem | None) -> Begin:
    async def begin(chat: Chat) -> Answer:
        return _next(chat, {"item": item.value} if item else {}, "")

    return begin


async def _overview(chat: Chat) -> Answer:
    return say("guide", general_guide(chat.deps.rulebook, chat.deps.today()), link=chat.guide_page)


async def _go_on(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    """Take the answer to the question that is open; what can't be read as one is asked again, with the reason."""
    known = dict(facts["known"])
    if about := about_places(chat) if " " in chat.said else None:
        return about
    asked = Ask(facts["ask"])
    if asked in _PLACES:
        return _place(chat, known, asked, facts.get("places", ()))
    value = _read(chat, known, asked)
    if value is None:
        return replace(_next(chat, known, "wizard_again"), topic=_NAME)
    return _next(chat, {**known, asked.value: value}, "")


def _read(chat: Chat, known: Mapping[str, str], asked: Ask) -> str | None:
    if asked is Ask.BIRTH_DATE:
        born = _day(chat.said)
        return born.isoformat() if born and 0 <= chat.deps.today().year - born.year <= _OLDEST else None
    choices = _step(chat, known).choices
    place = chosen(chat.said, [choice.text for choice in choices])
    if place is None and [choice.value for choice in choices] == [True, False]:
        place = 0 if chat.said in YES else 1 if chat.said in NO else None
    if place is None:
        return None
    value = choices[place].value
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _day(said: str) -> date | None:
    found = _DAY.fullmatch(said)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _place(chat: Chat, known: dict[str, str], asked: Ask, offered: Sequence[str]) -> Answer:
    """A place by its name, or by its number among those that were offered."""
    full = [place_view(code).full_name for code in offered]
    number = chosen(chat.said, full)
    if number is not None:
        return _next(chat, {**known, asked.value: offered[number]}, "")
    found = places_named(chat.said)
    if len(found) == 1:
        return _next(chat, {**known, asked.value: found[0].code}, "")
    if not found:
        return _next(chat, known, "wizard_no_place")
    codes = [place.code for place in found[:_MOST_PLACES]]
    kept = {"known": known, "ask": asked.value, "places": codes}
    return ask("wizard_which_place", _NAME, kept, lines=numbered([place_view(code).full_name for code in codes]))


def _step(chat: Chat, known: Mapping[str, str]) -> NextStepView:
    return next_step(chat.deps, answers_from_words(known))


def _next(chat: Chat, known: Mapping[str, str], first: str) -> Answer:
    """Ask the next question, after a word on the last answer if need be; or the answer itself."""
    step = _step(chat, known)
    if step.ask is None:
        return _told(chat, step, answers_from_words(known))
    return ask(
        first or "wizard", _NAME, {"known": dict(known), "ask": step.ask.value},
        question=step.question, hint=step.hint, lines=numbered([choice.text for choice in step.choices]),
    )  # fmt: skip


def _told(chat: Chat, step: NextStepView, known: Answers) -> Answer:
    assert step.guide is not None
    assert known.item is not None
    assert known.household is not None
    assert known.residence is not None
    places = {"household": place_view(known.household).full_name, "residence": place_view(known.residence).full_name}
    link = _link(chat, known.item, known.household, known.residence)
    told = one_guide_in_chat(step.guide, item=known.item, **places, link=link)
    return Answer(told, about=(About(division=known.residence, item=known.item),))


GUIDE: Final = Topic(_NAME, (*_ANY, "办理", "怎么办", "怎么办理"), _beginning(None), _go_on)
CARD_GUIDE: Final = Topic("card_guide", _CARD, _beginning(ServiceItem.ID_CARD_FIRST_APPLICATION))
TEMPORARY_GUIDE: Final = Topic("temporary_guide", _TEMPORARY, _beginning(ServiceItem.TEMPORARY_ID_CARD))
CERTIFICATE_GUIDE: Final = Topic("certificate_guide", _CERTIFICATE, _beginning(ServiceItem.HOUSEHOLD_CERTIFICATE))
OVERVIEW: Final = Topic("overview", ("概要", "总览", "全部说明"), _overview, to_anyone=True)
