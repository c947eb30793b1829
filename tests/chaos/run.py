"""Run one seed: start the stack, play the workload with faults, wait until it is quiescent, judge, stop."""

import asyncio
import shutil
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos import host_faults, workload
from tests.chaos.crashes import Crashed, crash_all
from tests.chaos.every_crash_point import crash_everywhere
from tests.chaos.nemesis import BY_NAME, FaultRecord, inject_and_heal
from tests.chaos.quiescence import NotQuiescent, wait_until_quiet
from tests.chaos.schedule import RunPlan
from tests.chaos.stack_under_test import StackUnderTest, build
from tests.chaos.traffic import traffic
from tests.chaos.verdicts import Judgement, all_judgements
from tools.audit.target import target_of
from tools.demo.settings import load_settings
from tools.devstack.cli import run_until_signal
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal
from tools.devstack.stack import remove
from tools.devstack.state import State
from tools.devstack.waiting import Work, all_of, first_of

WORKLOAD_LIMIT = 2400.0  # seconds; a quiet machine needs a tenth of both
QUIET_LIMIT = 600.0
GAP = (0.5, 4.0)  # seconds between two faults


@dataclass
class Outcome:
    """Outcome of a run; `quiet_seconds` are those until all was quiet after the workload and the last fault."""

    plan: RunPlan
    happened: list[FaultRecord] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    crashes: list[Crashed] = field(default_factory=list)
    story_seconds: float | None = None
    quiet_seconds: float | None = None
    judgements: dict[str, Judgement] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    whole_seconds: float = 0.0

    @property
    def violations(self) -> list[str]:
        lines = (f"{judge}: {line}" for judge, found in self.judgements.items() for line in found.violations)
        return [*self.problems, *lines]

    @property
    def ok(self) -> bool:
        return bool(self.judgements) and not self.violations


def run(plan: RunPlan, terminal: Terminal, keep: bool = False) -> Outcome:
    """Run a plan in a folder of its own, which is kept where something is wrong."""
    state, outcome, began = (
        State(Path(tempfile.mkdtemp(prefix="ieum-chaos-"))),
        Outcome(plan),
        time.monotonic(),
    )
    history = state.folder / "history.jsonl"
    disk = state.folder / "kafka"
    if "full:disk-of-kafka" in plan.faults and (why := host_faults.mount_small_disk(disk)):
        outcome.left_out["full:disk-of-kafka"] = why
    with state.locked():
        date = load_settings().business_date
        stack = build(state, Options(plan.brokers, plan.split, date), terminal, history)
        try:
            asyncio.run(run_until_signal(stack.embedded, terminal, _run_stack(stack, plan, outcome, history)))
        except Exception as error:
            outcome.problems.append(f"the harness itself failed: {error!r}")
            traceback.print_exception(error)
        finally:
            stack.kill_extra_processes()
    outcome.whole_seconds = round(time.monotonic() - began, 1)
    _clean_up(state, disk, outcome, terminal, keep)
    return outcome


def _clean_up(state: State, disk: Path, outcome: Outcome, terminal: Terminal, keep: bool) -> None:
    if outcome.ok and not keep:
        host_faults.unmount(disk)
        remove(state)
    else:
        terminal.print(f"상태 폴더를 남겼습니다 / the state folder is kept: {state.folder}")
        if disk.is_mount():
            _keep_the_disk(disk)


def _keep_the_disk(disk: Path) -> None:
    """Copy the content to the folder below the mount."""
    copy = disk.with_name("kafka-kept")
    shutil.copytree(disk, copy)
    host_faults.unmount(disk)
    disk.rmdir()
    copy.rename(disk)


async def _run_stack(stack: StackUnderTest, plan: RunPlan, outcome: Outcome, history: Path) -> None:
    for name in plan.faults:
        if name.startswith("clock"):
            service, _, role = name.partition(":")[2].partition(".")
            host_faults.give_own_clock(stack, service, role)
    await stack.embedded.start()
    await first_of(stack.embedded.run(), _housekeeping(stack), _test(stack, plan, outcome, history))


async def _housekeeping(stack: StackUnderTest) -> None:
    while True:
        stack.reset_backoff()
        await asyncio.sleep(0.2)


async def _test(stack: StackUnderTest, plan: RunPlan, outcome: Outcome, history: Path) -> None:
    stack.began, over = time.monotonic(), asyncio.Event()
    works = [_do(stack, outcome, _workload(stack, plan, history, over), over)]
    if plan.points:
        works.append(_points(stack, plan, outcome, over))
    else:
        works += [_faults(stack, plan, outcome), _crashes(stack, plan, outcome, over)]
    await all_of(*works)
    stack.resume_all()
    try:
        outcome.quiet_seconds = await wait_until_quiet(target_of(stack.state), QUIET_LIMIT)
        stack.say(f"quiet after {outcome.quiet_seconds} s")
    except NotQuiescent as problem:
        outcome.problems.append(str(problem))
        stack.say(str(problem))
    outcome.judgements = await all_judgements(stack, history, with_figures=not plan.small)


def _workload(stack: StackUnderTest, plan: RunPlan, history: Path, over: asyncio.Event) -> Work:
    if not plan.small:
        return workload.run(stack.addresses(), history, plan.seed)
    enough = over
    if not plan.points:
        enough = asyncio.Event()
        enough.set()
    return traffic(stack.addresses(), history, plan.seed, enough)


async def _do(stack: StackUnderTest, outcome: Outcome, work: Work, over: asyncio.Event) -> None:
    """Do the work; a failure is reported, and what was done is still judged."""
    try:
        async with asyncio.timeout(WORKLOAD_LIMIT):
            await work
    except Exception as error:
        outcome.problems.append(f"the workload did not come to its end: {error!r}")
        stack.say(outcome.problems[-1])
    outcome.story_seconds = round(time.monotonic() - stack.began, 1)
    stack.say("the workload has ended")
    over.set()


async def _points(stack: StackUnderTest, plan: RunPlan, outcome: Outcome, over: asyncio.Event) -> None:
    outcome.crashes += await crash_everywhere(stack, over, plan.seed)
    outcome.problems += [f"{one.name} was never passed" for one in outcome.crashes if one.hit_at is None]
    over.set()


async def _faults(stack: StackUnderTest, plan: RunPlan, outcome: Outcome) -> None:
    random = Random(f"faults-{plan.seed}")
    for name in plan.faults:
        await asyncio.sleep(random.uniform(*GAP))
        fault = BY_NAME[name]
        if why := fault.why_not(stack):
            outcome.left_out.setdefault(name, why)
            stack.say(f"left out: {name}: {why}")
        else:
            outcome.happened.append(await inject_and_heal(fault, stack, random))


async def _crashes(stack: StackUnderTest, plan: RunPlan, outcome: Outcome, over: asyncio.Event) -> None:
    outcome.crashes += await crash_all(stack, plan.crashes, over)
