"""The menu under the chat, as the data WeChat's ``menu/create`` takes. Each button says what the word would."""

from typing import Any, Final

from bot.topics import BUTTONS


def _button(name: str, topic: str) -> dict[str, str]:
    return {"type": "click", "name": name, "key": BUTTONS[topic].name}


# WeChat's limits: at most three buttons of five; a name within 16 bytes, one inside within 60, a key within 128.
MENU: Final[dict[str, Any]] = {
    "button": [
        {
            "name": "怎么办",
            "sub_button": [
                _button("办理指南", "guide"),
                _button("全部说明", "overview"),
                _button("附近受理点", "nearby"),
            ],
        },
        {
            "name": "我的办理",
            "sub_button": [
                _button("预约", "booking"),
                _button("办理进度", "progress"),
                _button("要带的材料", "papers"),
                _button("领证", "pickup"),
            ],
        },
        {
            "name": "帮助",
            "sub_button": [
                _button("人工", "human"),
                _button("投诉", "complaint"),
                _button("建议", "suggestion"),
                _button("我的投诉建议", "my_complaints"),
                _button("绑定说明", "how_to_bind"),
            ],
        },
    ]
}
