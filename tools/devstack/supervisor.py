"""Supervision of the stack's processes: restart with backoff, stop in order."""

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

# seconds; a process that ran for STABLE_AFTER is restarted with INITIAL_BACKOFF again
INITIAL_BACKOFF, MAX_BACKOFF, STABLE_AFTER = 1.0, 30.0, 60.0


@dataclass
class ManagedProcess:
    """A supervised process and its restarts; processes of a higher stage are stopped first."""

    program: Program
    process: Popen[bytes]
    stage: int
    restarts: int = 0
    backoff: float = INITIAL_BACKOFF
    started_at: float = field(default_factory=time.monotonic)
    restart_at: float | None = None  # monotonic time, while it waits for its restart


class Supervisor:
    """The stack's processes; `file` records them so that the next start can end them if this one is killed."""

    def __init__(self, file: Path, print_line: Callable[[str], None]) -> None:
        self.file = file
        self.print_line = print_line
        self.processes: list[ManagedProcess] = []

    def start(self, program: Program, stage: int) -> ManagedProcess:
        """Start the program as a process of this stage."""
        child = ManagedProcess(program, processes.start(program), stage)
        self.processes.append(child)
        self._save()
        return child

    async def while_alive(self, work: Coroutine[None, None, None]) -> None:
        """Wait for `work`; raises StackError with the end of the log as soon as a process ends meanwhile."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=0.1)
                self._raise_if_ended()
        finally:
            task.cancel()
        await task

    def _raise_if_ended(self) -> None:
        for child in self.processes:
            if (code := child.process.poll()) is not None:
                raise processes.failure_of(child.program, code)

    async def watch(self) -> None:
        """Restart ended processes, until cancelled."""
        while True:
            for child in self.processes:
                self._restart_if_ended(child)
            await asyncio.sleep(0.2)

    def _restart_if_ended(self, child: ManagedProcess) -> None:
        code = child.process.poll()
        if code is None:
            return
        if child.restart_at is None:
            self._plan_restart(child, code)
        elif time.monotonic() >= child.restart_at:
            self._restart(child)

    def _plan_restart(self, child: ManagedProcess, code: int) -> None:
        if time.monotonic() - child.started_at > STABLE_AFTER:
            child.backoff = INITIAL_BACKOFF
        child.restart_at = time.monotonic() + child.backoff
        self.print_line(
            f"{child.program.name}: 종료됨 (코드 {code}), {child.backoff:.0f}초 뒤 다시 시작합니다 / "
            f"ended with code {code}, starting again in {child.backoff:.0f} s. Log: {child.program.log}"
        )
        child.backoff = min(child.backoff * 2, MAX_BACKOFF)

    def _restart(self, child: ManagedProcess) -> None:
        child.process = processes.start(child.program)
        child.restarts, child.started_at, child.restart_at = child.restarts + 1, time.monotonic(), None
        self._save()

    async def stop(self) -> None:
        """Stop every process, the highest stage first, and delete the file."""
        for stage in sorted({child.stage for child in self.processes}, reverse=True):
            await _stop_together(child for child in self.processes if child.stage == stage)
        self.processes.clear()
        self.file.unlink(missing_ok=True)

    def _save(self) -> None:
        orphans.save(self.file, [(child.program, child.process) for child in self.processes])


async def _stop_together(children: Iterable[ManagedProcess]) -> None:
    running = [child for child in children if child.process.poll() is None]
    for child in running:
        child.process.send_signal(child.program.stop_signal)
    await asyncio.gather(*(_wait_or_kill(child) for child in running))


async def _wait_or_kill(child: ManagedProcess) -> None:
    deadline = time.monotonic() + child.program.stop_timeout
    while child.process.poll() is None:
        if time.monotonic() > deadline:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        await asyncio.sleep(0.02)
