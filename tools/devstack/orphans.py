"""Orphaned processes of a run whose supervisor was killed: recorded on disk, ended at the next start."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

from tools.devstack.processes import Program
from tools.devstack.state import write_private

CLOCK_TOLERANCE = 0.05  # seconds: psutil derives a creation time from clock ticks


def identity(name: str, pid: int, stop_signal: int) -> dict[str, Any]:
    """Return the identity of a process: its creation time distinguishes it from a later one with the same pid."""
    return {"name": name, "pid": pid, "created": psutil.Process(pid).create_time(), "signal": stop_signal}


def find_running(recorded: Mapping[str, Any]) -> psutil.Process | None:
    """Return the recorded process if it still runs, None when it has ended or its pid was reused."""
    try:
        process = psutil.Process(int(recorded["pid"]))
        is_same = abs(process.create_time() - float(recorded["created"])) < CLOCK_TOLERANCE
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def save(file: Path, children: Iterable[tuple[Program, Popen[bytes]]]) -> None:
    """Write the identities of the running children to the file atomically."""
    running = [(program, child) for program, child in children if child.poll() is None]
    identities = [identity(program.name, child.pid, program.stop_signal) for program, child in running]
    write_private(file, json.dumps(identities))


def end_orphans(file: Path, timeout: float = 20) -> list[str]:
    """End the recorded processes that still run, the last started first; return their names."""
    if not file.exists():
        return []
    recorded = json.loads(file.read_text("utf-8"))
    orphans = [(entry, process) for entry in recorded if (process := find_running(entry))]
    for entry, process in reversed(orphans):
        _end(process, int(entry["signal"]), timeout)
    file.unlink()
    return [str(entry["name"]) for entry, _ in orphans]


def _end(process: psutil.Process, stop_signal: int, timeout: float) -> None:
    try:
        process.send_signal(stop_signal)
        process.wait(timeout)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        return
