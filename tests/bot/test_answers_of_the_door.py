"""What every answer of this door carries, whoever made it; a repetition within seconds, answered from memory."""

import pytest

from bot.headers import HEADERS
from models.push import PushSeen
from tests.bot.pushing import Pusher, event, message


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/official-account", 405, "method_not_allowed"),
        ("GET", "/official-account", 403, "push_signature_bad"),
        ("POST", "/official-account", 400, "push_malformed"),
    ],
)
async def test_a_refusal_is_told_in_words_and_under_all_headers(
    pusher: Pusher, method: str, path: str, status: int, code: str
) -> None:
    address = pusher.url.removesuffix("/official-account") + path
    async with pusher.session.request(method, address) as answer:
        assert (answer.status, (await answer.text()).split("\n")[0]) == (status, code)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


async def test_a_reply_carries_them_too(pusher: Pusher) -> None:
    query, body = pusher.posting(message("附近"))
    async with pusher.session.post(pusher.url, params=query, data=body) as answer:
        assert answer.status == 200
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


async def test_a_repetition_gets_the_same_words_and_no_row_more(pusher: Pusher) -> None:
    said = {await pusher.say("附近", 4711) for _ in range(3)}
    assert len(said) == 1
    assert await PushSeen.all().count() == 1


async def test_what_was_said_to_somebody_who_left_is_not_said_again_from_the_table(pusher: Pusher) -> None:
    await pusher.say("附近", 4712)
    await pusher.push(event("unsubscribe"))
    assert await PushSeen.filter(reply__isnull=False, follower__isnull=False).count() == 0
