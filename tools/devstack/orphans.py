"""What an earlier run left behind when its parent was killed: remembered on disk, ended at the next start."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

from tools.devstack.processes import Program
from tools.devstack.state import write_private

CLOCK_TOLERANCE = 0.05  # seconds: psutil derives a creation time from clock ticks


def identified(name: str, pid: int, stop_signal: int) -> dict[str, Any]:
    """Return what tells a process from a later one with the same pid: its creation time."""
    return {"name": name, "pid": pid, "created": psutil.Process(pid).create_time(), "signal": stop_signal}


def same(one: Mapping[str, Any]) -> psutil.Process | None:
    """Return the recorded process while it still runs, None when it has ended or its pid has another owner."""
    try:
        process = psutil.Process(int(one["pid"]))
        is_same = abs(process.create_time() - float(one["created"])) < CLOCK_TOLERANCE
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def remember(record: Path, children: Iterable[tuple[Program, Popen[bytes]]]) -> None:
    """Write which children run now, at once and whole."""
    running = [(program, child) for program, child in children if child.poll() is None]
    known = [identified(program.name, child.pid, program.stop_signal) for program, child in running]
    write_private(record, json.dumps(known))


def end_leftovers(record: Path, patience: float = 20) -> list[str]:
    """End what the record says and still runs, the last started first; return the names of what was found."""
    if not record.exists():
        return []
    known = [(one, process) for one in json.loads(record.read_text("utf-8")) if (process := same(one))]
    for one, process in reversed(known):
        _end(process, int(one["signal"]), patience)
    record.unlink()
    return [str(one["name"]) for one, _ in known]


def _end(process: psutil.Process, stop_signal: int, patience: float) -> None:
    try:
        process.send_signal(stop_signal)
        process.wait(patience)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        return
