"""The machine itself: Kafka's disk is full, a process's clock steps."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

from tests.chaos.fault import Fault
from tests.chaos.town import Town

DISK_MEGABYTES, MEGABYTE = 400, 1 << 20
BALLAST = "ballast"
HOURS = 2
LIBRARIES, LIBRARY = Path("/usr/lib"), "faketime/libfaketimeMT.so.1"


def faults() -> Iterator[Fault]:
    yield Fault("full:disk-of-kafka", _fill, _empty, (8.0, 12.0), why_not=_without_small_disk)
    for service, role in (("funding", "consumer"), ("notifications", "sender"), ("monitoring", "projector")):
        for sign in ("+", "-"):
            step = partial(_step, service, role, sign)
            name = f"clock{sign}{HOURS}h:{service}.{role}"
            why_not = partial(_without_own_clock, service, role)
            yield Fault(name, step, _step_back, (10.0, 15.0), why_not=why_not)


# The disk.


def small_disk(folder: Path) -> str | None:
    """Mount a small disk of its own there; why it cannot be, in words."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "a small disk needs root and mount"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stderr.strip() or "mount failed" if ran.returncode else None


def take_away(folder: Path) -> None:
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


def _folder(town: Town) -> Path:
    return town.state.folder / "kafka"


def _without_small_disk(town: Town) -> str | None:
    return None if os.path.ismount(_folder(town)) else "Kafka's folder is on no small disk of its own"


async def _fill(town: Town, chance: Random) -> None:
    """To the last byte, beside a broker that goes on writing."""
    chunk, written = bytes(MEGABYTE), 0
    with (_folder(town) / BALLAST).open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            written += ballast.write(chunk)
            await asyncio.sleep(0)
    town.say(f"Kafka's disk is full ({written // MEGABYTE} MiB of ballast)")


async def _empty(town: Town, left: None) -> None:
    (_folder(town) / BALLAST).unlink()
    town.say("Kafka's disk has room again")


# The clock.


def library() -> str | None:
    """Where libfaketime is; None where it is not installed."""
    return next((str(path) for depth in ("", "*/") for path in LIBRARIES.glob(f"{depth}{LIBRARY}")), None)


def own_clock(town: Town, service: str, role: str) -> None:
    """Before the start: the process is told the time by a file."""
    if (faketime := library()) is None:
        return
    one = town.process_of(service, role)
    _clock(town, one.name).parent.mkdir(parents=True, exist_ok=True)
    _clock(town, one.name).write_text("+0", encoding="utf-8")
    town.layout.more[one.name] = {
        "LD_PRELOAD": faketime,
        "FAKETIME_TIMESTAMP_FILE": str(_clock(town, one.name)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _clock(town: Town, name: str) -> Path:
    return town.state.folder / "clocks" / name


def _without_own_clock(service: str, role: str, town: Town) -> str | None:
    if library() is None:
        return "libfaketime is not installed"
    name = town.process_of(service, role).name
    return None if _clock(town, name).exists() else f"{name} was started without a clock of its own"


async def _step(service: str, role: str, sign: str, town: Town, chance: Random) -> str:
    name = town.process_of(service, role).name
    _clock(town, name).write_text(f"{sign}{HOURS}h", encoding="utf-8")
    town.say(f"the clock of {name} steps by {sign}{HOURS} h")
    return name


async def _step_back(town: Town, name: str) -> None:
    _clock(town, name).write_text("+0", encoding="utf-8")
    town.say(f"the clock of {name} is right again")
