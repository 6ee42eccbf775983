"""The menu under the chat, as the data WeChat's ``menu/create`` takes. Each button says what the word would."""

from typing import Any, Final

from bot.dialogue import Topic

# WeChat's limits: at most three buttons; a name within 16 bytes, a key within 128.
MENU: Final[dict[str, Any]] = {
    "button": [
        {"type": "click", "name": "办理指南", "key": Topic.GUIDE.value},
        {"type": "click", "name": "办理进度", "key": Topic.PROGRESS.value},
        {"type": "click", "name": "绑定说明", "key": Topic.HOW_TO_BIND.value},
    ]
}
