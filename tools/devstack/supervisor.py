"""Runs the processes of the stack: restarts one that dies, ends all of them in order."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from tools.devstack import orphans, processes
from tools.devstack.processes import Program

# seconds; a process that ran STEADY starts anew at FIRST_PAUSE
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 1.0, 30.0, 60.0


@dataclass
class Child:
    """One process and its history; processes of a higher stage are stopped first."""

    program: Program
    process: Popen[bytes]
    stage: int
    restarts: int = 0
    pause: float = FIRST_PAUSE
    started: float = field(default_factory=time.monotonic)
    due: float | None = None  # when it is started again


class Supervisor:
    """The children, remembered in `record` so that the next start can end them if we are killed."""

    def __init__(self, record: Path, say: Callable[[str], None]) -> None:
        self.record = record
        self.say = say
        self.children: list[Child] = []

    def start(self, program: Program, stage: int) -> Child:
        """Start the program as a child of this stage."""
        child = Child(program, processes.start(program), stage)
        self.children.append(child)
        self._remember()
        return child

    async def while_alive(self, work: Coroutine[None, None, None]) -> None:
        """Wait for `work`; raises StackError with the end of the log as soon as a child dies meanwhile."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=0.1)
                self._refuse_the_dead()
        finally:
            task.cancel()
        await task

    def _refuse_the_dead(self) -> None:
        for child in self.children:
            if (code := child.process.poll()) is not None:
                raise processes.failed(child.program, code)

    async def watch(self) -> None:
        """Restart what dies, for ever."""
        while True:
            for child in self.children:
                self._look_after(child)
            await asyncio.sleep(0.2)

    def _look_after(self, child: Child) -> None:
        code = child.process.poll()
        if code is None:
            return
        if child.due is None:
            self._plan_restart(child, code)
        elif time.monotonic() >= child.due:
            self._restart(child)

    def _plan_restart(self, child: Child, code: int) -> None:
        if time.monotonic() - child.started > STEADY:
            child.pause = FIRST_PAUSE
        child.due = time.monotonic() + child.pause
        self.say(
            f"{child.program.name}: 종료됨 (코드 {code}), {child.pause:.0f}초 뒤 다시 시작합니다 / "
            f"ended with code {code}, starting again in {child.pause:.0f} s. Log: {child.program.log}"
        )
        child.pause = min(child.pause * 2, LONGEST_PAUSE)

    def _restart(self, child: Child) -> None:
        child.process = processes.start(child.program)
        child.restarts, child.started, child.due = child.restarts + 1, time.monotonic(), None
        self._remember()

    async def stop(self) -> None:
        """End every child, the highest stage first, and forget them."""
        for stage in sorted({child.stage for child in self.children}, reverse=True):
            await _stop_together(child for child in self.children if child.stage == stage)
        self.children.clear()
        self.record.unlink(missing_ok=True)

    def _remember(self) -> None:
        orphans.remember(self.record, [(child.program, child.process) for child in self.children])


async def _stop_together(children: Iterable[Child]) -> None:
    running = [child for child in children if child.process.poll() is None]
    for child in running:
        child.process.send_signal(child.program.stop_signal)
    await asyncio.gather(*(_see_end(child) for child in running))


async def _see_end(child: Child) -> None:
    deadline = time.monotonic() + child.program.patience
    while child.process.poll() is None:
        if time.monotonic() > deadline:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        await asyncio.sleep(0.02)
