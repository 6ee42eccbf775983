"""The topics of the chat, as data: one file each, in the order in which they are offered."""

from collections.abc import Mapping
from typing import Final

from bot.topic import Topic
from bot.topics.binding import HOW_TO_BIND, UNBIND
from bot.topics.booking import BOOKING
from bot.topics.complaint import COMPLAINT, MY_COMPLAINTS, SUGGESTION
from bot.topics.guide import CARD_GUIDE, CERTIFICATE_GUIDE, GUIDE, OVERVIEW, TEMPORARY_GUIDE
from bot.topics.human import HUMAN
from bot.topics.nearby import NEARBY
from bot.topics.papers import PAPERS
from bot.topics.pickup import PICKUP
from bot.topics.progress import PROGRESS
from bot.topics.station import STATION

ALL: Final = (
    GUIDE,
    CARD_GUIDE,
    TEMPORARY_GUIDE,
    CERTIFICATE_GUIDE,
    OVERVIEW,
    PROGRESS,
    BOOKING,
    PICKUP,
    PAPERS,
    NEARBY,
    STATION,
    HUMAN,
    COMPLAINT,
    SUGGESTION,
    MY_COMPLAINTS,
    HOW_TO_BIND,
    UNBIND,
)

TOPICS: Final[Mapping[str, Topic]] = {topic.name: topic for topic in ALL}
WORDS: Final[Mapping[str, Topic]] = {word: topic for topic in ALL for word in topic.words}
BUTTONS: Final[Mapping[str, Topic]] = {topic.name: topic for topic in ALL if topic is not STATION}
