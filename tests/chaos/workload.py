"""Workload of a run: the demo's scenario and, at the same time, clients that do everything twice."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from tests.chaos import client_plans
from tests.chaos.clients import Client, RequestRefused, accepted, run_together
from tests.chaos.history import History
from tests.chaos.programme import APPLIED_ON, OFFICE, PUBLISHED_ON, SELECTED_ON, Programme
from tests.chaos.recording import RecordingClients, connected
from tools.demo.actors import OPERATOR
from tools.demo.clients import Addresses
from tools.demo.play import Player
from tools.demo.scenario import Scenario, build_scenario
from tools.demo.steps import Actor
from tools.devstack.waiting import all_of

Json = dict[str, Any]


async def run(addresses: Addresses, history: Path, seed: int, *, clients: int = 20) -> None:
    """All of it, however often something has to be asked again; each operation is a line of `history`.

    Raises the first error of what could not be done: a refused request that must be accepted, or the time limit.
    """
    async with connected(addresses, History(history)) as at:
        await all_of(play_story(at, build_scenario()), play_clients(at, seed, clients))


async def play_story(at: RecordingClients, story: Scenario) -> None:
    """Play the story in date order; the clock stays pinned to its end, as the clients' dates are not in order."""
    player = Player(at, timeout_seconds=at.limit_seconds)
    await player.play_days(story.days, lambda done, total: None)


async def play_clients(at: RecordingClients, seed: int, clients: int) -> None:
    programme, plans = Programme(seed), client_plans.plans(seed, clients)
    courses = [Client(at, programme, plan) for plan in plans]
    office = OfficeClient(at, programme)
    await office.announce(client_plans.quota(plans), sum(plan.total_krw for plan in plans))
    await all_of(*(one.apply() for one in courses))
    await office.close()
    await all_of(*(one.be_reviewed() for one in courses))
    holders = await office.select()
    await run_together(courses, [(case_id, SELECTED_ON) for case_id in holders])


class OfficeClient:
    """The office's part for all clients."""

    def __init__(self, at: RecordingClients, programme: Programme) -> None:
        self.at, self.programme = at, programme

    async def announce(self, quota: dict[str, int], total_krw: int) -> None:
        definition = {"definition": self.programme.definition(), "occurred_on": f"{PUBLISHED_ON}"}
        await self.must("publish", "applications", "/programmes", definition)
        for budget in self.programme.budgets(total_krw):
            await self.must(f"budget-{budget['funder']}", "funding", "/budgets", budget)
        await self.must("open", "applications", "/rounds", self.programme.round(quota))

    async def close(self) -> None:
        path = f"/rounds/{self.programme.round_id}/closing"
        await self.twice("close", path, {"occurred_on": f"{APPLIED_ON}"})

    async def select(self) -> list[str]:
        """Select, and return the cases that hold an award."""
        path = f"/rounds/{self.programme.round_id}/selection"
        await self.twice("select", path, {"occurred_on": f"{SELECTED_ON}"})
        answer = accepted(path, await self.at.ask("GET", "applications", path, OPERATOR))
        return [str(place["case_id"]) for place in answer["places"] if place["status"] == "selected"]

    async def twice(self, step: str, path: str, body: Json) -> None:
        """Ask as two officers at once: one of them is refused."""
        both = {step: OFFICE.officer, f"{step}-other": Actor("chaos-officer-2", "officer")}
        answers = await asyncio.gather(
            *(self.ask(key, "applications", path, body, actor) for key, actor in both.items())
        )
        if sum(answer.is_success for answer in answers) != 1:
            raise RequestRefused(f"{self.key(step)}: {[answer.text[:200] for answer in answers]}")

    async def must(self, step: str, service: str, path: str, body: Json) -> Json:
        return accepted(self.key(step), await self.ask(step, service, path, body, OFFICE.officer))

    async def ask(self, step: str, service: str, path: str, body: Json, actor: Actor) -> httpx.Response:
        return await self.at.ask("POST", service, path, actor, key=self.key(step), body=body)

    def key(self, step: str) -> str:
        return f"chaos/{self.programme.seed}/{step}"
