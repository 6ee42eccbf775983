"""What a form may hold, and that a refused form changes nothing."""

from datetime import date

import pytest

from casework.deps import Deps
from counter.forms import Form, read_day
from domain.refusal import Refusal
from domain.terms import CaseState, Kinship
from models.case import Case
from tests.counter.conftest import OpenConsole
from tests.counter.people import Walker, adult, code_of


def refusal_of(form: Form, name: str = "a") -> Refusal:
    with pytest.raises(Refusal) as refused:
        form.text(name, "受理号", 10)
    return refused.value


@pytest.mark.parametrize("value", ["", "   ", "x" * 11, "a\x00b", "a\nb", "a\u202eb", "a\u200bb", "\ud800"])
def test_a_line_is_there_short_and_visible(value: str) -> None:
    refusal = refusal_of(Form([("a", value)]))
    assert refusal.code == "malformed"
    assert "受理号" in str(refusal.facts["fields"])


def test_a_line_is_trimmed_and_kept_as_typed() -> None:
    assert Form([("a", " 例 1 ")]).text("a", "受理号") == "例 1"


def test_a_field_sent_twice_is_refused() -> None:
    assert refusal_of(Form([("a", "1"), ("a", "2")])).code == "malformed"


def test_several_lines_lose_empty_ones_and_have_a_limit() -> None:
    form = Form([("items", "户口簿\r\n\r\n 照片 \n"), ("many", "\n".join("x" * 21))])
    assert form.lines("items", "材料") == ("户口簿", "照片")
    with pytest.raises(Refusal):
        form.lines("many", "材料")


def test_a_choice_is_one_of_its_words() -> None:
    assert Form([("k", "parent")]).choice("k", "关系", Kinship) is Kinship.PARENT
    with pytest.raises(Refusal):
        Form([("k", "friend")]).choice("k", "关系", Kinship)


def test_a_box_counts_only_when_ticked_by_our_page() -> None:
    form = Form([("yes", "yes"), ("odd", "true"), ("c", "slip"), ("c", "data"), ("c", "slip")])
    assert form.flag("yes")
    assert not form.flag("odd")
    assert form.checks("c") == {"slip": True, "data": True}


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "20261118", "0001-01-01", "2026-11-18T00:00"])
def test_a_day_is_written_like_a_day(day: str) -> None:
    assert read_day({"day": "2026-11-18"}) == date(2026, 11, 18)
    with pytest.raises(Refusal):
        read_day({"day": day})


async def arrived(at_desk: OpenConsole, deps: Deps) -> tuple[Walker, str]:
    walker = await adult(deps)
    console = await at_desk()
    await console.scan(await code_of(deps, walker))
    return walker, f"/cases/{walker.number}/decline"


async def state_of(walker: Walker) -> CaseState:
    return (await Case.get(number=walker.number)).state


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
async def test_without_the_token_of_the_session_nothing_happens(
    token: str | None, at_desk: OpenConsole, deps: Deps
) -> None:
    walker, path = await arrived(at_desk, deps)
    fields = {"reason": "identity_doubtful"} | ({} if token is None else {"csrf_token": token})
    page = await (await at_desk()).post(path, fields)
    assert (page.status, page.refused) == (403, "csrf_failed")
    assert await state_of(walker) is CaseState.OPEN


async def test_token_of_another_session_is_refused(at_desk: OpenConsole, deps: Deps) -> None:
    walker, path = await arrived(at_desk, deps)
    other = await (await at_desk()).csrf_token()
    page = await (await at_desk()).post(path, {"reason": "identity_doubtful", "csrf_token": other})
    assert page.refused == "csrf_failed"
    assert await state_of(walker) is CaseState.OPEN


async def test_only_forms_as_our_pages_send_them_are_read(at_desk: OpenConsole, deps: Deps) -> None:
    walker, path = await arrived(at_desk, deps)
    console = await at_desk()
    token = await console.csrf_token()
    sent = [
        ({"json": {"csrf_token": token, "reason": "identity_doubtful"}}, 422),
        (
            {
                "data": f"csrf_token={token}&reason=%FF",
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            422,
        ),
        ({"data": "a=1&" * 500, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 422),
        ({"data": {"csrf_token": token, "note": "x" * 70_000}}, 413),
    ]
    for arguments, status in sent:
        async with console.client.post(path, **arguments) as answer:  # type: ignore[arg-type]
            assert answer.status == status
            assert "去登录" not in await answer.text()
    assert await state_of(walker) is CaseState.OPEN


async def test_get_changes_nothing(at_desk: OpenConsole, deps: Deps) -> None:
    walker, path = await arrived(at_desk, deps)
    assert (await (await at_desk()).get(f"{path}?reason=identity_doubtful")).status == 405
    assert await state_of(walker) is CaseState.OPEN
