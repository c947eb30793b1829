"""Child processes: each in its own group with a log file, and ended with its parent."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.devstack.errors import StackError

PR_SET_PDEATHSIG = 1  # of linux/prctl.h


@dataclass(frozen=True)
class Account:
    """The unprivileged account that a program runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """What to run: `stop_signal` asks it to end in order, `patience` is how many seconds it gets for that."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    patience: float = 15


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start the program in a group of its own, its output appended to its log.

    On Linux it gets its stop signal when the thread that started it dies, so start from the main thread only.
    """
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.environment},
            cwd="/" if program.account else None,  # the account may not be allowed in here
            process_group=0,
            preexec_fn=_die_with_parent(program.stop_signal),  # noqa: PLW1509  it takes no lock that another thread could hold
            user=program.account.uid if program.account else None,
            group=program.account.gid if program.account else None,
            extra_groups=[] if program.account else None,
        )


async def run(program: Program) -> None:
    """Run the program to its end; raises StackError with the last lines of its log when it fails."""
    child = start(program)
    try:
        while child.poll() is None:  # noqa: ASYNC110  a process has no event to wait for
            await asyncio.sleep(0.02)
    finally:
        stop(child, program)
    if child.returncode != 0:
        raise failed(program, child.returncode)


def failed(program: Program, code: int | None) -> StackError:
    """Return the error that shows where the program's log is and how it ended."""
    return StackError(
        f"{program.name}: 실행에 실패했습니다 (종료 코드 {code}). 기록: {program.log}\n"
        f"  {program.name} failed with exit code {code}; the end of its log:\n{tail(program.log)}"
    )


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, indented."""
    if not log.exists():
        return "    (no log)"
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text)


def stop(child: subprocess.Popen[bytes], program: Program) -> None:
    """Ask the child to end, wait as long as its patience, then end its whole group."""
    if child.poll() is None:
        child.send_signal(program.stop_signal)
        try:
            child.wait(program.patience)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """Return what a child calls before exec; after the change of user, which would clear it."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
