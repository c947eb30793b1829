"""Player of the scenario, in date order, against a running stack.

Before the first step of a date it moves the business clock there, so that nothing is dated after the clock.
Every step is idempotent: a second play gets the same responses, and leaves the clock at the end.

404, 503, Retry-After, no connection         ->  retried with growing pauses, until the step's timeout
any other refusal, an unexpected response    ->  the play ends and names the step, the rule and what to do
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import httpx

from tools.demo.clients import MAX_CONNECTIONS, Addresses, Clients, connected
from tools.demo.conditions import CONDITIONS
from tools.demo.days import Day, by_month
from tools.demo.placeholders import resolve
from tools.demo.scenario import Scenario
from tools.demo.steps import Actor, Await, Call, Lane, Publish, Step
from tools.demo.wire import to_record
from tools.devstack.business_clock import BusinessClock
from tools.devstack.console import ReportProgress, Terminal
from tools.devstack.errors import StackError
from tools.devstack.waiting import all_of

STEP_TIMEOUT_SECONDS = 60.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 1.0
RETRIED_STATUSES = {404, 503}
Result = TypeVar("Result")


class PlayError(StackError):
    """The play cannot go on; the message names the step and the reason, in Korean and English."""


@dataclass(frozen=True)
class NotReady:
    """The result of an attempt that is to be retried, with the reason."""

    reason: str


@dataclass
class Player:
    """One play of the scenario; `captured` holds the values captured from responses, by name.

    `clock` is None where the business clock is pinned to a date that the scenario does not pass.
    """

    clients: Clients
    clock: BusinessClock | None = None
    timeout_seconds: float = STEP_TIMEOUT_SECONDS
    captured: dict[str, Any] = field(default_factory=dict)

    async def play_days(self, days: Sequence[Day], report: ReportProgress) -> None:
        """Play the days one after the other; the clock stands at the end of the last one afterwards."""
        done, total = 0, sum(day.steps for day in days)

        def count_step() -> None:
            nonlocal done
            done += 1
            report(done, total)

        report(0, total)
        for day in days:
            self._advance_clock(day.begins_at)
            for phase in day.phases:
                await self._play_lanes(phase.lanes, count_step)
        self._advance_clock(days[-1].ends_at)

    def _advance_clock(self, moment: datetime) -> None:
        if self.clock:
            self.clock.advance_to(moment)

    async def _play_lanes(self, lanes: Sequence[Lane], count_step: Callable[[], None]) -> None:
        """Play the lanes in parallel, as many at once as there are connections."""
        waiting = deque(lanes)
        await all_of(*(self._worker(waiting, count_step) for _ in range(min(MAX_CONNECTIONS, len(waiting)))))

    async def _worker(self, waiting: deque[Lane], count_step: Callable[[], None]) -> None:
        while waiting:
            for step in waiting.popleft():
                await self.play_step(step)
                count_step()

    async def play_step(self, step: Step) -> None:
        match step:
            case Call():
                await self._call(step)
            case Publish():
                data = resolve(step.data, self.captured)
                await self.clients.publish(to_record(step.key, step.event, data))
            case Await():
                self.captured |= await self._retry(step.key, lambda: self._poll(step))

    async def _call(self, step: Call) -> None:
        response = await self._retry(step.key, lambda: self._send(step))
        for name, expected in resolve(step.expect, self.captured).items():
            if response.get(name) != expected:
                raise PlayError(
                    f"{step.key}: {name}은(는) {expected}이어야 하는데 {response.get(name)}입니다 "
                    f"/ {name} should be {expected}, not {response.get(name)}"
                )
        self.captured |= {name: response[key] for name, key in step.capture.items()}

    async def _send(self, step: Call) -> dict[str, Any] | NotReady:
        path, body = resolve(step.path, self.captured), resolve(step.body, self.captured)
        return await self._response(
            step.key,
            self.clients.ask(
                step.method, step.service, path, self._actor(step.actor), key=f"demo/{step.key}", body=body
            ),
        )

    async def _poll(self, step: Await) -> Mapping[str, Any] | NotReady:
        path = resolve(step.path, self.captured)
        request = self.clients.ask("GET", step.service, path, self._actor(step.actor))
        response = await self._response(step.key, request)
        if isinstance(response, NotReady):
            return response
        captured = CONDITIONS[step.condition](response, step.parameters)
        if captured is None:
            return NotReady(f"{step.waiting_for_ko}를 기다렸습니다 / waited for {step.waiting_for_en}")
        return captured

    def _actor(self, actor: Actor) -> Actor:
        return Actor(str(resolve(actor.subject, self.captured)), actor.role)

    async def _response(self, key: str, request: Awaitable[httpx.Response]) -> dict[str, Any] | NotReady:
        try:
            response = await request
        except httpx.TransportError as error:
            return NotReady(f"서비스에 닿지 않습니다: {error!r} / the service is away")
        if response.is_success:
            body: dict[str, Any] = response.json()
            return body
        if response.status_code in RETRIED_STATUSES or "retry-after" in response.headers:
            return NotReady(problem_text(response))
        raise PlayError(f"{key}: {problem_text(response)}")

    async def _retry(self, key: str, attempt: Callable[[], Awaitable[Result | NotReady]]) -> Result:
        deadline, pause = time.monotonic() + self.timeout_seconds, FIRST_PAUSE_SECONDS
        while isinstance(result := await attempt(), NotReady):
            if time.monotonic() > deadline:
                raise PlayError(
                    f"{key}: {self.timeout_seconds:.0f}초를 기다려도 그대로입니다. {result.reason}"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        return result


def problem_text(response: httpx.Response) -> str:
    """Return status, rule and sentences of a problem response, or the start of any other body."""
    try:
        problem = response.json()
        return f"{response.status_code} {problem['rule']}: {problem['detail']} / {problem['detail_en']}"
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.text[:300]}"


async def play(
    scenario: Scenario, addresses: Addresses, clock: BusinessClock | None, terminal: Terminal
) -> float:
    """Play the whole scenario and return the seconds it took; raises PlayError where it cannot go on."""
    began = time.monotonic()
    async with connected(addresses) as clients:
        player = Player(clients, clock)
        for month, days in by_month(scenario.days):
            with terminal.step(_title(month, days)) as report:
                await player.play_days(days, report)
    return time.monotonic() - began


def _title(month: date, days: Sequence[Day]) -> str:
    """Return the month and what is played in it, in Korean and English."""
    phases = {phase.name_ko: phase.name_en for day in days for phase in day.phases}
    ko, en = ", ".join(phases), ", ".join(phases.values())
    return f"{month.year}년 {month.month}월: {ko} / {month:%B %Y}: {en}"
