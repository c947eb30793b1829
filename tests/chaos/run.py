"""One seed: the stack from nothing, the story with faults, silence, the verdicts, down again."""

import asyncio
import shutil
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos import surroundings, workload
from tests.chaos.crashes import Crashed, crash_all
from tests.chaos.enumerated import crash_everywhere
from tests.chaos.nemesis import BY_NAME, Happened, happen
from tests.chaos.quiet import NeverQuiet, until_quiet
from tests.chaos.schedule import Plan
from tests.chaos.town import Town, build
from tests.chaos.traffic import traffic
from tests.chaos.verdicts import Answer, all_verdicts
from tools.audit.target import target_of
from tools.demo.settings import load_settings
from tools.devstack.cli import run_until_signal
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal
from tools.devstack.stack import remove
from tools.devstack.state import State
from tools.devstack.waiting import Work, all_of, first_of

WORKLOAD_PATIENCE = 2400.0  # seconds; a quiet machine needs a tenth of both
QUIET_PATIENCE = 600.0
GAP = (0.5, 4.0)  # seconds between two faults


@dataclass
class Outcome:
    """What a run came to; `seconds` of the story, and until all was quiet after it and the last fault."""

    plan: Plan
    happened: list[Happened] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    crashes: list[Crashed] = field(default_factory=list)
    story_seconds: float | None = None
    quiet_seconds: float | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    whole_seconds: float = 0.0

    @property
    def violations(self) -> list[str]:
        found = [f"{who}: {line}" for who, answer in self.answers.items() for line in answer.violations]
        return [*self.problems, *found]

    @property
    def ok(self) -> bool:
        return bool(self.answers) and not self.violations


def run(plan: Plan, terminal: Terminal, keep: bool = False) -> Outcome:
    """In a folder of its own, which is left where something is wrong."""
    state, outcome, began = (
        State(Path(tempfile.mkdtemp(prefix="ieum-faults-"))),
        Outcome(plan),
        time.monotonic(),
    )
    history = state.folder / "history.jsonl"
    disk = state.folder / "kafka"
    if "full:disk-of-kafka" in plan.faults and (why := surroundings.small_disk(disk)):
        outcome.left_out["full:disk-of-kafka"] = why
    with state.locked():
        date = load_settings().business_date
        town = build(state, Options(plan.brokers, plan.split, date), terminal, history)
        try:
            asyncio.run(run_until_signal(town.stack, terminal, _whole(town, plan, outcome, history)))
        except Exception as error:
            outcome.problems.append(f"the harness itself failed: {error!r}")
            traceback.print_exception(error)
        finally:
            town.show_out()
    outcome.whole_seconds = round(time.monotonic() - began, 1)
    _clean_up(state, disk, outcome, terminal, keep)
    return outcome


def _clean_up(state: State, disk: Path, outcome: Outcome, terminal: Terminal, keep: bool) -> None:
    if outcome.ok and not keep:
        surroundings.take_away(disk)
        remove(state)
    else:
        terminal.print(f"상태 폴더를 남겼습니다 / the state folder is kept: {state.folder}")
        if disk.is_mount():
            _keep_the_disk(disk)


def _keep_the_disk(disk: Path) -> None:
    """Its content outlives the mount."""
    copy = disk.with_name("kafka-kept")
    shutil.copytree(disk, copy)
    surroundings.take_away(disk)
    disk.rmdir()
    copy.rename(disk)


async def _whole(town: Town, plan: Plan, outcome: Outcome, history: Path) -> None:
    for name in plan.faults:
        if name.startswith("clock"):
            service, _, role = name.partition(":")[2].partition(".")
            surroundings.own_clock(town, service, role)
    await town.stack.start()
    await first_of(town.stack.run(), _housekeeping(town), _tried(town, plan, outcome, history))


async def _housekeeping(town: Town) -> None:
    while True:
        town.keep_restarts_quick()
        await asyncio.sleep(0.2)


async def _tried(town: Town, plan: Plan, outcome: Outcome, history: Path) -> None:
    town.began, over = time.monotonic(), asyncio.Event()
    works = [_worked(town, outcome, _workload(town, plan, history, over), over)]
    if plan.points:
        works.append(_points(town, plan, outcome, over))
    else:
        works += [_faults(town, plan, outcome), _crashes(town, plan, outcome, over)]
    await all_of(*works)
    town.wake_all()
    try:
        outcome.quiet_seconds = await until_quiet(target_of(town.state), QUIET_PATIENCE)
        town.say(f"quiet after {outcome.quiet_seconds} s")
    except NeverQuiet as problem:
        outcome.problems.append(str(problem))
        town.say(str(problem))
    outcome.answers = await all_verdicts(town, history, with_figures=not plan.small)


def _workload(town: Town, plan: Plan, history: Path, over: asyncio.Event) -> Work:
    if not plan.small:
        return workload.run(town.addresses(), history, plan.seed)
    enough = over
    if not plan.points:
        enough = asyncio.Event()
        enough.set()
    return traffic(town.addresses(), history, plan.seed, enough)


async def _worked(town: Town, outcome: Outcome, work: Work, over: asyncio.Event) -> None:
    """What could not be done is told; whatever was done is still checked."""
    try:
        async with asyncio.timeout(WORKLOAD_PATIENCE):
            await work
    except Exception as error:
        outcome.problems.append(f"the workload did not come to its end: {error!r}")
        town.say(outcome.problems[-1])
    outcome.story_seconds = round(time.monotonic() - town.began, 1)
    town.say("the workload has ended")
    over.set()


async def _points(town: Town, plan: Plan, outcome: Outcome, over: asyncio.Event) -> None:
    outcome.crashes += await crash_everywhere(town, over, plan.seed)
    outcome.problems += [f"{one.name} was never passed" for one in outcome.crashes if one.hit_at is None]
    over.set()


async def _faults(town: Town, plan: Plan, outcome: Outcome) -> None:
    chance = Random(f"faults-{plan.seed}")
    for name in plan.faults:
        await asyncio.sleep(chance.uniform(*GAP))
        fault = BY_NAME[name]
        if why := fault.why_not(town):
            outcome.left_out.setdefault(name, why)
            town.say(f"left out: {name}: {why}")
        else:
            outcome.happened.append(await happen(fault, town, chance))


async def _crashes(town: Town, plan: Plan, outcome: Outcome, over: asyncio.Event) -> None:
    outcome.crashes += await crash_all(town, plan.crashes, over)
