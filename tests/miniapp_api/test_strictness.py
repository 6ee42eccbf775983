"""A request has one meaning or is refused; nothing but what is listed is ever taken."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miniapp_api.shapes import HIGHEST_ID
from tests.miniapp_api.people import ITEM, V1, Citizen, WeChat, adult, application, declared, living_in_nanchang
from tests.miniapp_api.test_problems import assert_problem

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"code=1", "not_json"),
        (b'{"code": "a", "code": "b"}', "not_json"),
        (b'{"code": "a", "x": {"y": 1, "y": 1}}', "not_json"),
        (b'{"code": NaN}', "not_json"),
        (b'{"code": "\xff"}', "not_json"),
        ('{"code": "a"}'.encode("utf-16"), "not_json"),
        (b'\xef\xbb\xbf{"code": "a"}', "not_json"),
        (b'{"code": "a"} {"code": "b"}', "not_json"),
        (b"[" * 30_000, "not_json"),
        (b"9" * 5_000, "not_json"),
        (b'{"code": "\\ud800"}', "malformed"),
        (b"[]", "malformed"),
        (b"null", "malformed"),
        (b"{}", "malformed"),
        (b'{"code": 1}', "malformed"),
        (b'{"code": null}', "malformed"),
        (b'{"code": ""}', "malformed"),
        (b'{"code": "a\\u0000b"}', "malformed"),
        (b'{"code": "a", "is_admin": true}', "malformed"),
        (b'{"code": "' + b"a" * 257 + b'"}', "malformed"),
    ],
)
async def test_a_body_that_is_not_exactly_the_shape_is_refused(visitor: Citizen, raw: bytes, code: str) -> None:
    answer = await visitor.ask("POST", f"{V1}/sessions", data=raw, headers=JSON)
    assert_problem(answer, 400 if code == "not_json" else 422, code)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
    ],
)
async def test_only_json_in_utf_8_is_read(visitor: Citizen, content_type: str) -> None:
    answer = await visitor.ask("POST", f"{V1}/sessions", data=b"{}", headers={"Content-Type": content_type})
    assert_problem(answer, 415, "content_type_unsupported")


async def test_every_wrong_field_is_named_at_once_in_words_people_use_and_nothing_typed_comes_back(
    citizen: Citizen,
) -> None:
    wrong = adult(name="", collective_household=1, identity_number="canary-4711" * 30)
    body = assert_problem(await citizen.ask("PUT", f"{V1}/me/person", wrong), 422, "malformed")
    assert {error["field"] for error in body["errors"]} == {"name", "identity_number", "collective_household"}
    assert all(name in body["detail"] for name in ("姓名", "公民身份号码", "是否集体户"))


@pytest.mark.parametrize("value", [0, -1, HIGHEST_ID + 1, 10**30, 1.0, 1.5, True, "1", None])
async def test_an_id_is_a_whole_number_that_fits_its_column(citizen: Citizen, value: Any) -> None:
    raw = orjson.dumps(application(0)).replace(b'"declaration_id":0', b'"declaration_id":' + _json(value))
    answer = await citizen.ask("POST", f"{V1}/cases", data=raw, headers=JSON, key="12345678")
    assert_problem(answer, 422, "malformed")


def _json(value: Any) -> bytes:
    return str(value).encode() if isinstance(value, int) and not isinstance(value, bool) else orjson.dumps(value)


@pytest.mark.parametrize("part", ["0", "-1", "1.0", "1_0", "٣", "2147483648", "9" * 40, "x", "%00", "1%20"])
async def test_a_path_that_can_name_nothing_is_not_found(citizen: Citizen, part: str) -> None:
    answer = await citizen.ask("GET", f"{V1}/residence-declarations/{part}?item={ITEM}")
    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "item=id_card_first_application&item=id_card_first_application&division=36",
        "item=id_card_first_application&division=36&debug=1",
        "item=made_up&division=36",
        "item=id_card_first_application",
        "division=36",
        "item=id_card_first_application&division=%01",
    ],
)
async def test_a_query_has_each_parameter_once_and_no_others(visitor: Citizen, query: str) -> None:
    assert_problem(await visitor.ask("GET", f"{V1}/points?{query}"), 422, "malformed")


@pytest.mark.parametrize(
    "day", ["0", "1", "20260915", "2026-9-15", "2026-02-30", "2026-09-15T00:00:00", "9999-12-31", ""]
)
async def test_a_day_is_written_one_way_and_lies_in_our_time(visitor: Citizen, day: str) -> None:
    answer = await visitor.get("/points/JX-TEST-1/slots", item=ITEM, day=day)
    assert_problem(answer, 422, "malformed")


@pytest.mark.parametrize(
    "moment",
    [
        "2026-09-15T09:00:00",
        "2026-09-15 09:00:00Z",
        "1789000000",
        "2026-09-15",
        "0001-01-01T00:00:00+23:59",
        1789000000,
    ],
)
async def test_a_moment_says_its_zone_and_lies_in_our_time(citizen: Citizen, moment: Any) -> None:
    answer = await citizen.write("PUT", "/cases/260914-0000-0000-00/booking", {"point": "P", "starts_at": moment})
    assert_problem(answer, 422, "malformed")


@pytest.mark.parametrize("limit", ["0", "51", "-1", "1e1", "１"])
async def test_a_list_has_a_longest_length(visitor: Citizen, limit: str) -> None:
    assert_problem(await visitor.get("/divisions", q="南昌", limit=limit), 422, "malformed")


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([], "idempotency_key_missing"),
        (["short"], "idempotency_key_malformed"),
        (["x" * 81], "idempotency_key_malformed"),
        (["with blank"], "idempotency_key_malformed"),
        (["ключ-ключ"], "idempotency_key_malformed"),
        (["12345678", "12345678"], "idempotency_key_malformed"),
    ],
)
async def test_a_write_that_may_be_repeated_needs_one_key(citizen: Citizen, keys: list[str], code: str) -> None:
    headers = [("Authorization", f"Bearer {citizen.token}"), *(("Idempotency-Key", key) for key in keys)]
    response = await citizen.client.post(f"{V1}/cases", json=application(1), headers=headers)
    assert (response.status, (await response.json(content_type=None))["code"]) == (400, code)


async def test_the_same_key_with_another_content_is_refused(citizen: Citizen, wechat: WeChat) -> None:
    person_id = await declared(citizen, wechat)
    first = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id), key="one-key-1")
    again = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id), key="one-key-1")
    other = living_in_nanchang(person_id, address="江西省南昌市西湖区测试大道10号")
    reused = await citizen.write("POST", "/residence-declarations", other, key="one-key-1")
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert_problem(reused, 409, "idempotency_key_reused")


async def test_a_large_body_is_refused_by_its_length_and_by_what_really_comes(visitor: Citizen) -> None:
    large = b'{"code": "' + b"a" * 70_000 + b'"}'
    assert_problem(await visitor.ask("POST", f"{V1}/sessions", data=large, headers=JSON), 413, "too_large")

    async def pieces() -> Any:
        for _ in range(20):
            yield large[:8192]

    assert_problem(await visitor.ask("POST", f"{V1}/sessions", data=pieces(), headers=JSON), 413, "too_large")


async def test_only_a_signature_may_be_larger(citizen: Citizen) -> None:
    path = "/cases/260914-0000-0000-00/signature"
    padded = b'{"nonce": "' + b" " * 100_000 + b'"}'
    fits = await citizen.ask("POST", V1 + path, data=padded, headers=JSON, key="12345678")
    assert_problem(fits, 422, "malformed")
    larger = await citizen.ask("POST", V1 + path, data=padded * 3, headers=JSON, key="12345678")
    assert_problem(larger, 413, "too_large")


@pytest.mark.parametrize(
    "strokes",
    [
        [[]],
        [[[0, 0]]],
        [[[0, 0, 0, 0]]],
        [[[-1, 0, 0]]],
        [[[1001, 0, 0]]],
        [[[0, 0, -1]]],
        [[[0.5, 0, 0]]],
        [["abc"]],
        "x",
    ],
)
async def test_strokes_are_points_in_the_box(citizen: Citizen, strokes: Any) -> None:
    body = {"nonce": "n", "digest": "0" * 64, "read_to_end": True, "information_true": True, "strokes": strokes}
    assert_problem(await citizen.write("POST", "/cases/1/signature", body), 422, "malformed")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200) | _VALUES.map(lambda value: json.dumps(value).encode()) | st.text().map(str.encode))
async def test_no_bytes_whatever_are_an_error_of_ours(visitor: Citizen, raw: bytes) -> None:
    answer = await visitor.ask("POST", f"{V1}/sessions", data=raw, headers=JSON)
    assert answer.status in {400, 422}
