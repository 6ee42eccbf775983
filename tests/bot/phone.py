"""A phone in the sandbox WeChat, talking to a bot that talks back to that sandbox: both over real HTTP."""

from dataclasses import dataclass
from typing import Any

from casework.callers import Citizen
from casework.chat import binding_code
from casework.deps import Deps
from tests.gateways.outside import Sandbox
from tests.workers.citizens import a_citizen
from tests.workers.wiring import TurnedClock


@dataclass(frozen=True)
class Phone:
    """One person's phone; ``say`` and the others give back what the account replied at once."""

    deps: Deps
    sandbox: Sandbox
    clock: TurnedClock
    port: int
    user: str = "lin"

    @property
    def appid(self) -> str:
        return self.deps.settings.official_account.appid

    @property
    def openid(self) -> str:
        return self.sandbox.openids[self.user][self.appid]

    @property
    def mini_openid(self) -> str:
        return self.sandbox.openids[self.user][self.deps.settings.miniapp.appid]

    async def say(self, text: str) -> str:
        return await self._did("say", text=text)

    async def locate(self, latitude: float, longitude: float) -> str:
        return await self._did("locate", latitude=latitude, longitude=longitude)

    async def follow(self, scene: str | None = None) -> str:
        return await self._did("follow", scene=scene)

    async def scan(self, scene: str) -> str:
        return await self._did("scan", scene=scene)

    async def click(self, key: str) -> str:
        return await self._did("click", key=key)

    async def unfollow(self) -> None:
        await self._did("unfollow")

    async def received(self, kind: str) -> list[dict[str, Any]]:
        return await self.sandbox.received(self.user, kind)

    async def bound(self) -> Citizen:
        """The citizen of this phone, bound by a code typed into the chat."""
        citizen = await a_citizen(self.deps, self.mini_openid)
        await self.say(f"绑定 {(await binding_code(self.deps, citizen)).code}")
        return citizen

    async def _did(self, what: str, **facts: Any) -> str:
        self.clock.turn(seconds=1)
        told = await self.sandbox.post(f"/sandbox/users/{self.user}/{what}", appid=self.appid, **facts)
        assert told["outcome"] in {"replied", "acknowledged"}, told
        return str(told["reply"]["Content"]) if told["reply"] else ""
