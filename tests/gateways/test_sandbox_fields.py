import pytest

from gateways.sandbox.answers import WireError
from gateways.sandbox.fields import check_fields

GOOD = {
    "thing1": ["居民身份证", "字" * 20, "mixed 12 字！"],
    "number1": ["1", "12.50", "9" * 32],
    "letter1": ["TB", "x" * 32],
    "symbol1": ["!?", "￥"],
    "character_string1": ["TB-2026/03#5", "x" * 32],
    "time1": ["15:01", "2019年10月1日 15:01", "09:00:59", "2026年3月5日 09:00~09:30", "2026-03-05 09:00"],
    "date1": [
        "2019年10月1日",
        "2019-10-01",
        "2019/10/01",
        "2019.10.01",
        "2019年10月1日 15:01",
        "2026-03-05~2026-03-06",
    ],
    "amount1": ["￥20.00元", "0元", "$3.5", "1234567890"],
    "phone_number1": ["0791-12345678", "+86 13800000000"],
    "car_number1": ["粤A8Z888挂"],
    "name1": ["张*", "汉" * 10, "A" * 20],
    "phrase1": ["可以领取", "已受理"],
    "enum_string1": ["客厅"],
}
BAD = {
    "thing1": ["", "字" * 21, "两\n行"],
    "number1": ["", "一", "1a", "9" * 33],
    "letter1": ["T1", "x" * 33],
    "symbol1": ["!!!!!!", "a"],
    "character_string1": ["编号", "x" * 33, ""],
    "time1": ["2019年10月1日", "25:00", "9点", "08:00~09:00~10:00", "2019年13月1日 08:00"],
    "date1": ["十月一日", "2019年10月", "2019-10/01", "15:01"],
    "amount1": ["20美元", "12345678901", "￥"],
    "phone_number1": ["电话", "1" * 18],
    "car_number1": ["粤" * 9],
    "name1": ["汉" * 11, "A" * 21, "张3"],
    "phrase1": ["可以来领取啦", "OK", "已受理！"],
    "unknown1": ["x"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in GOOD.items() for value in values])
def test_a_value_within_its_limits_passes(key: str, value: str) -> None:
    assert check_fields({key: "example"}, {key: {"value": value}}) == {key: value}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_value_over_its_limits_is_47003_and_names_its_key(key: str, value: str) -> None:
    with pytest.raises(WireError) as caught:
        check_fields({key: "example"}, {key: {"value": value}})
    assert caught.value.errcode == 47003
    assert key in caught.value.detail


@pytest.mark.parametrize("data", [None, "{}", [], {"thing1": "bare"}, {"thing1": {"value": 3}}, {}])
def test_data_of_another_shape_is_47003(data: object) -> None:
    with pytest.raises(WireError) as caught:
        check_fields({"thing1": "example"}, data)
    assert caught.value.errcode == 47003
