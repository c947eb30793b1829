"""A dockerd of our own below a temporary folder; when it ends, no process, mount, bridge or rule of it remains."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.containers import network
from tests.containers.commands import run
from tests.containers.network import Network, mtu
from tools.devstack import processes
from tools.devstack.processes import Program

PREFIX = "ieum-engine-"
STARTUP = 90.0  # seconds


class DoesNotStart(Exception):
    """What dockerd said last: this kernel or this container does not let it run."""


def dockerd() -> str | None:
    """The program, also where sbin is not on the path of a plain shell."""
    return shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def daemon() -> Iterator[str]:
    """Its address, once it answers. A run that is told to end (SIGTERM) still puts everything back."""
    _sweep()
    folder, before_it = Path(tempfile.mkdtemp(prefix=PREFIX)), Network.now()
    program = _program(folder)
    child = processes.start(program)
    told = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        host = f"unix://{folder}/socket"
        _wait_until_it_answers(host, child, program)
        yield host
    finally:
        processes.stop(child, program)
        before_it.restore()
        _unmount(folder)
        shutil.rmtree(folder)
        signal.signal(signal.SIGTERM, told)


def _sweep() -> None:
    """What a run left that was killed: no engine runs now, its caller has looked."""
    network.sweep()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _unmount(folder)
        shutil.rmtree(folder)


def _program(folder: Path) -> Program:
    places = ("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid")
    command = (str(dockerd()), *places, "--host", f"unix://{folder}/socket", "--mtu", str(mtu()))
    return Program("dockerd", command, folder / "dockerd.log", patience=90)


def _wait_until_it_answers(host: str, child: subprocess.Popen[bytes], program: Program) -> None:
    deadline = time.monotonic() + STARTUP
    while not answers(host):
        if child.poll() is not None or time.monotonic() > deadline:
            raise DoesNotStart(processes.tail(program.log, 1).strip())
        time.sleep(0.2)


def listens(host: str) -> bool:
    """Asked before the client is, which leaves its socket open where nobody listens."""
    with suppress(OSError), _connected(host):
        return True
    return False


def answers(host: str) -> bool:
    """A dockerd listens before it knows whether it can run."""
    with suppress(OSError), _connected(host) as knock:
        knock.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in knock.recv(100)
    return False


@contextmanager
def _connected(host: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(5)
        knock.connect(host.removeprefix("unix://"))
        yield knock


def _unmount(folder: Path) -> None:
    """What containers leave when the engine ends before them; the innermost first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((one for one in points if one.startswith(f"{folder}/")), reverse=True):
        run("umount", point)
