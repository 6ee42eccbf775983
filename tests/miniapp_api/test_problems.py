"""Whatever goes wrong, there is one shape, in Chinese, that says what to do next and tells nothing it should not."""

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pydantic import TypeAdapter

from casework.deps import Deps
from domain.decision import Reason, Verdict
from domain.refusal import Refusal
from miniapp_api.app import make_app
from miniapp_api.refusals import STATUS, Problem, problem_body, status_of
from templates.refusals import known_refusals
from tests.miniapp_api.conftest import ClientFactory
from tests.miniapp_api.people import V1, Answer, Citizen

SHAPE = TypeAdapter(Problem)
CHINESE = re.compile("[\u4e00-\u9fff]")
SECRET = "canary-4711"


def assert_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The one shape, whoever made the error."""
    body = answer.json
    assert (answer.status, body["code"]) == (status, code), body
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert SHAPE.validate_python(body).status == status
    assert body["type"] == f"/problems/{code}"
    assert body["instance"] == answer.headers["X-Request-Id"]
    assert all(CHINESE.search(body[part]) for part in ("title", "detail", "advice"))
    assert SECRET not in answer.body.decode()
    return dict(body)


async def _boom(request: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


async def _lost(request: web.Request) -> web.Response:
    raise ConnectionRefusedError(SECRET)


async def _gateway(request: web.Request) -> web.Response:
    raise web.HTTPBadGateway(text=SECRET)


async def _moved(request: web.Request) -> web.Response:
    raise web.HTTPFound("/healthz")


async def _unnamed(request: web.Request) -> web.Response:
    raise Refusal("never_heard_of", code="fake", status=200, title=SECRET, left=3)


@pytest.fixture
async def bad_door(deps: Deps, aiohttp_client: ClientFactory) -> Citizen:
    """The door with handlers that fail in every way, and an application mounted beside it."""
    app = make_app(deps)
    for handler in (_boom, _lost, _gateway, _moved, _unnamed):
        app.router.add_get(f"/{handler.__name__}", handler)
    beside = web.Application()
    beside.router.add_get("/boom", _boom)
    app.add_subapp("/beside", beside)
    client: TestClient[Any, Any] = await aiohttp_client(app)
    return Citizen(client)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/%00%ff/..%2f", 404, "not_found"),
        ("GET", f"{V1}/sessions", 405, "method_not_allowed"),
        ("HEAD", "/healthz", 405, None),
        ("TRACE", "/healthz", 405, "method_not_allowed"),
        ("TRACE", "/nowhere", 404, "not_found"),
        ("OPTIONS", f"{V1}/me", 405, "method_not_allowed"),
        ("GET", "/_boom", 500, "internal"),
        ("GET", "/_lost", 503, "service_unavailable"),
        ("GET", "/_gateway", 500, "internal"),
    ],
)
async def test_an_error_has_the_one_shape_whoever_made_it(
    bad_door: Citizen, method: str, path: str, status: int, code: str | None
) -> None:
    answer = await bad_door.ask(method, path)
    if code is None:
        assert (answer.status, answer.body) == (status, b"")
    else:
        assert_problem(answer, status, code)


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/beside/boom", 500, "internal"), ("/beside/nowhere", 404, "not_found")]
)
async def test_what_escapes_a_door_mounted_beside_has_the_one_shape_too(
    bad_door: Citizen, path: str, status: int, code: str
) -> None:
    """The chat's door tells its own troubles in words; whatever is mounted and does not is not left to the library."""
    assert_problem(await bad_door.ask("GET", path), status, code)


async def test_a_wrong_method_is_told_the_right_ones(visitor: Citizen) -> None:
    answer = await visitor.ask("PATCH", f"{V1}/me")
    assert answer.headers["Allow"] == "GET"


async def test_a_redirect_is_no_error(bad_door: Citizen) -> None:
    assert (await bad_door.ask("GET", "/_moved", allow_redirects=False)).status == 302


async def test_an_unknown_code_is_a_conflict_with_the_general_sentence_and_cannot_forge_fields(
    bad_door: Citizen,
) -> None:
    body = (await bad_door.ask("GET", "/_unnamed")).json
    assert (body["status"], body["code"], body["left"]) == (409, "never_heard_of", 3)
    assert body["title"] == "这一步没有办成"


async def test_something_out_of_reach_is_worth_trying_again(bad_door: Citizen) -> None:
    assert int((await bad_door.ask("GET", "/_lost")).headers["Retry-After"]) > 0


async def test_an_expectation_nobody_knows_is_ignored(visitor: Citizen) -> None:
    assert (await visitor.ask("GET", "/healthz", headers={"Expect": "a-miracle"})).status == 200


def test_every_reason_is_told_at_once_with_its_words() -> None:
    verdict = Verdict((Reason("proof_not_accepted", "R040"), Reason("declaration_stale", "R021", {"days": 30})))
    with pytest.raises(Refusal) as refused:
        verdict.insist()
    body = problem_body(refused.value, "r1")
    assert [(reason["code"], reason["source"]) for reason in body["reasons"]] == [
        ("proof_not_accepted", "R040"),
        ("declaration_stale", "R021"),
    ]
    assert all(CHINESE.search(reason["advice"]) for reason in body["reasons"])
    assert body["source"] == "R040"


OF_OTHER_DOORS = re.compile(
    "(staff|report|reporter|code|acceptance_number|supplements|slip|collection_checks|check|face_check|guardian_presence"
    "|same_frame_photo|materials_incomplete|letter_unconfirmed|not_checked_in|not_service_day|case_of_other_station"
    "|card_goes_by_post|push|closure|appeal_not_found|counter_checks|handover_checks|decline_reason|household_unit"
    "|certificate_beyond|certificate_facts|certificate_content|certificate_not|request_closed|nothing_to|filed_already"
    "|temporary_card_not_asked|temporary_card_return|complaint_answered_already|complaint_not_taken|scan_not_ours"
    "|area_outside|invitations_too_many|invitation_not_found|trial_day_wrong)(_|$)"
)
ACTS_OF_OTHER_DOORS = {
    "announce", "approve", "area", "cancel_certificate", "check_in", "consult", "correct_acceptance", "follow_up",
    "keep_point_key", "keep_stations", "manage_staff", "masked", "offline_pass", "pass_text", "passwords",
    "prove_again", "reach_people", "read_pass", "read_picture", "review_by_hand", "secure_account", "seed_training",
    "serve", "set_supply", "settle_feed", "supervise", "take_feed",
}  # fmt: skip
RAISED = re.compile(r'(?:Refusal|Reason)\(\s*"([a-z0-9_]+)"')


def test_every_refusal_that_can_be_raised_has_words_and_a_status_here_or_belongs_to_another_door() -> None:
    root = Path(__file__).parents[2]
    sources = [path for room in ("casework", "domain", "miniapp_api") for path in (root / room).rglob("*.py")]
    ours = [path for path in sources if path.stem not in ACTS_OF_OTHER_DOORS]
    raised = {code for path in ours for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert len(raised) > 50
    assert {code for code in raised if code not in STATUS and not OF_OTHER_DOORS.match(code)} == set()
    assert set(STATUS) <= known_refusals()


@pytest.mark.parametrize("code", sorted(STATUS))
def test_a_status_says_who_can_mend_it(code: str) -> None:
    assert 400 <= status_of(code) < 600
    if status_of(code) >= 500:
        assert code in {"internal", "service_unavailable", "wechat_unreachable", "signer_check_unavailable"}
