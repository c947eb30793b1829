"""Child processes: each in its own process group, with a log file, ended when its parent ends."""

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
class UnixUser:
    """The unprivileged Unix user that a program runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """A program to start; `stop_signal` requests its end, SIGKILL follows after `stop_timeout` seconds."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: UnixUser | None = None
    stop_signal: int = signal.SIGTERM
    stop_timeout: float = 15


def inherited_environment() -> dict[str, str]:
    """Return this process's environment without the business clock of another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("IEUM_BUSINESS_")}


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start the program in its own process group; its output is appended to its log.

    On Linux the kernel sends its stop signal when the starting thread ends, so start from the main thread only.
    """
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**inherited_environment(), **program.environment},
            cwd="/" if program.user else None,  # this folder may be closed to the user
            process_group=0,
            preexec_fn=_stop_with_parent(program.stop_signal),  # noqa: PLW1509  it takes no lock that another thread could hold
            user=program.user.uid if program.user else None,
            group=program.user.gid if program.user else None,
            extra_groups=[] if program.user else None,
        )


async def run(program: Program) -> None:
    """Run the program to its end; raises StackError with the last lines of its log when its exit code is not 0."""
    child = start(program)
    try:
        while child.poll() is None:  # noqa: ASYNC110  a process has no event to wait for
            await asyncio.sleep(0.02)
    finally:
        stop(child, program)
    if child.returncode != 0:
        raise failure_of(program, child.returncode)


def failure_of(program: Program, code: int | None) -> StackError:
    """Return the error with the program's exit code, the path of its log and the last lines of it."""
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
    """Send the stop signal, wait for the stop timeout, then kill the whole process group."""
    if child.poll() is None:
        child.send_signal(program.stop_signal)
        try:
            child.wait(program.stop_timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _stop_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """Return the preexec function that sets the parent-death signal, after the change of user, which would clear it."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def request_signal() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:
            os._exit(1)

    return request_signal
