"""Faults of the host: Kafka's disk is full, a process's clock steps."""

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
from tests.chaos.stack_under_test import StackUnderTest

DISK_MEGABYTES, MEGABYTE = 400, 1 << 20
BALLAST = "ballast"
HOURS = 2
LIBRARIES, LIBRARY = Path("/usr/lib"), "faketime/libfaketimeMT.so.1"


def faults() -> Iterator[Fault]:
    yield Fault("full:disk-of-kafka", _fill, _empty, (8.0, 12.0), why_not=_lacks_small_disk)
    for service, role in (("funding", "consumer"), ("notifications", "sender"), ("monitoring", "projector")):
        for sign in ("+", "-"):
            step = partial(_step, service, role, sign)
            name = f"clock{sign}{HOURS}h:{service}.{role}"
            why_not = partial(_lacks_own_clock, service, role)
            yield Fault(name, step, _step_back, (10.0, 15.0), why_not=why_not)


# The disk.


def mount_small_disk(folder: Path) -> str | None:
    """Mount a small disk on the folder; return why that is not possible, in words."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "a small disk needs root and mount"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stderr.strip() or "mount failed" if ran.returncode else None


def unmount(folder: Path) -> None:
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


def _folder(stack: StackUnderTest) -> Path:
    return stack.state.folder / "kafka"


def _lacks_small_disk(stack: StackUnderTest) -> str | None:
    return None if os.path.ismount(_folder(stack)) else "Kafka's folder is on no small disk of its own"


async def _fill(stack: StackUnderTest, random: Random) -> None:
    """Fill the disk to the last byte, beside a broker that goes on writing."""
    chunk, written = bytes(MEGABYTE), 0
    with (_folder(stack) / BALLAST).open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            written += ballast.write(chunk)
            await asyncio.sleep(0)
    stack.say(f"Kafka's disk is full ({written // MEGABYTE} MiB of ballast)")


async def _empty(stack: StackUnderTest, left: None) -> None:
    (_folder(stack) / BALLAST).unlink()
    stack.say("Kafka's disk has room again")


# The clock.


def library() -> str | None:
    """Return the path of libfaketime; None where it is not installed."""
    return next((str(path) for depth in ("", "*/") for path in LIBRARIES.glob(f"{depth}{LIBRARY}")), None)


def give_own_clock(stack: StackUnderTest, service: str, role: str) -> None:
    """Give the process a clock that a file sets; to be called before the start."""
    if (faketime := library()) is None:
        return
    one = stack.process_of(service, role)
    _clock(stack, one.name).parent.mkdir(parents=True, exist_ok=True)
    _clock(stack, one.name).write_text("+0", encoding="utf-8")
    stack.layout.extra[one.name] = {
        "LD_PRELOAD": faketime,
        "FAKETIME_TIMESTAMP_FILE": str(_clock(stack, one.name)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _clock(stack: StackUnderTest, name: str) -> Path:
    return stack.state.folder / "clocks" / name


def _lacks_own_clock(service: str, role: str, stack: StackUnderTest) -> str | None:
    if library() is None:
        return "libfaketime is not installed"
    name = stack.process_of(service, role).name
    return None if _clock(stack, name).exists() else f"{name} was started without a clock of its own"


async def _step(service: str, role: str, sign: str, stack: StackUnderTest, random: Random) -> str:
    name = stack.process_of(service, role).name
    _clock(stack, name).write_text(f"{sign}{HOURS}h", encoding="utf-8")
    stack.say(f"the clock of {name} steps by {sign}{HOURS} h")
    return name


async def _step_back(stack: StackUnderTest, name: str) -> None:
    _clock(stack, name).write_text("+0", encoding="utf-8")
    stack.say(f"the clock of {name} is right again")
