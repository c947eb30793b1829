"""Plays the story against what runs. Every step is idempotent: stopped and begun again, it gets the same answers.

not there yet (404, Retry-After), away   ->  asked again with growing pauses, until the patience is over
any other refusal, an unexpected answer  ->  the play ends and says which step, which rule, what to do
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tools.demo.clients import AT_ONCE, Addresses, Clients, connected
from tools.demo.conditions import LOOKS
from tools.demo.placeholders import resolve
from tools.demo.scenario import Story
from tools.demo.steps import Actor, Await, Call, Chapter, Publish, Step, Strand
from tools.demo.wire import record
from tools.devstack.console import Advance, Terminal
from tools.devstack.errors import StackError
from tools.devstack.waiting import all_of

PATIENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 1.0
MAYBE_LATER = {404, 503}
Answer = TypeVar("Answer")


class PlayError(StackError):
    """The play cannot go on; the message names the step and says why, in Korean and English."""


@dataclass(frozen=True)
class Later:
    """Not there yet, and why."""

    why: str


@dataclass
class Player:
    """One play; `memory` is what answers were kept as."""

    clients: Clients
    patience_seconds: float = PATIENCE_SECONDS
    memory: dict[str, Any] = field(default_factory=dict)

    async def chapter(self, chapter: Chapter, advance: Advance) -> None:
        """Its strands side by side, as many at once as there are connections."""
        waiting, done = deque(chapter.strands), 0

        def one_more() -> None:
            nonlocal done
            done += 1
            advance(done, chapter.steps)

        advance(0, chapter.steps)
        await all_of(*(self._worker(waiting, one_more) for _ in range(min(AT_ONCE, len(waiting)))))

    async def _worker(self, waiting: deque[Strand], one_more: Callable[[], None]) -> None:
        while waiting:
            for step in waiting.popleft():
                await self.step(step)
                one_more()

    async def step(self, step: Step) -> None:
        match step:
            case Call():
                await self._call(step)
            case Publish():
                data = resolve(step.data, self.memory)
                await self.clients.publish(record(step.key, step.event, data))
            case Await():
                self.memory |= await self._until(step.key, lambda: self._look(step))

    async def _call(self, step: Call) -> None:
        answer = await self._until(step.key, lambda: self._once(step))
        for name, wanted in resolve(step.expect, self.memory).items():
            if answer.get(name) != wanted:
                raise PlayError(
                    f"{step.key}: {name}은(는) {wanted}이어야 하는데 {answer.get(name)}입니다 "
                    f"/ {name} should be {wanted}, not {answer.get(name)}"
                )
        self.memory |= {name: answer[of] for name, of in step.keep.items()}

    async def _once(self, step: Call) -> dict[str, Any] | Later:
        path, body = resolve(step.path, self.memory), resolve(step.body, self.memory)
        return await self._answered(
            step.key,
            self.clients.ask(
                step.method, step.service, path, self._actor(step.actor), key=f"demo/{step.key}", body=body
            ),
        )

    async def _look(self, step: Await) -> Mapping[str, Any] | Later:
        path = resolve(step.path, self.memory)
        asked = self.clients.ask("GET", step.service, path, self._actor(step.actor))
        answer = await self._answered(step.key, asked)
        if isinstance(answer, Later):
            return answer
        found = LOOKS[step.look](answer, step.wanted)
        return Later(f"{step.why_ko}를 기다렸습니다 / waited for {step.why_en}") if found is None else found

    def _actor(self, actor: Actor) -> Actor:
        return Actor(str(resolve(actor.subject, self.memory)), actor.role)

    async def _answered(self, key: str, asked: Awaitable[httpx.Response]) -> dict[str, Any] | Later:
        try:
            response = await asked
        except httpx.TransportError as error:
            return Later(f"서비스에 닿지 않습니다: {error!r} / the service is away")
        if response.is_success:
            answer: dict[str, Any] = response.json()
            return answer
        if response.status_code in MAYBE_LATER or "retry-after" in response.headers:
            return Later(said_by(response))
        raise PlayError(f"{key}: {said_by(response)}")

    async def _until(self, key: str, attempt: Callable[[], Awaitable[Answer | Later]]) -> Answer:
        deadline, pause = time.monotonic() + self.patience_seconds, FIRST_PAUSE_SECONDS
        while isinstance(found := await attempt(), Later):
            if time.monotonic() > deadline:
                raise PlayError(f"{key}: {self.patience_seconds:.0f}초를 기다려도 그대로입니다. {found.why}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        return found


def said_by(response: httpx.Response) -> str:
    """The problem in its own words."""
    try:
        problem = response.json()
        return f"{response.status_code} {problem['rule']}: {problem['detail']} / {problem['detail_en']}"
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.text[:300]}"


async def play(story: Story, addresses: Addresses, terminal: Terminal) -> float:
    """The whole story; how many seconds it took. Raises PlayError where it cannot go on."""
    began = time.monotonic()
    async with connected(addresses) as clients:
        player = Player(clients)
        for number, chapter in enumerate(story.chapters, start=1):
            title = f"{number}/{len(story.chapters)} {chapter.name_ko} / {chapter.name_en}"
            with terminal.step(title) as advance:
                await player.chapter(chapter, advance)
    return time.monotonic() - began
