"""A dockerd of our own below a temporary folder; its end removes its processes, mounts, bridges and rules."""

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


class DaemonDidNotStart(Exception):
    """dockerd cannot run in this kernel or container; the message is the last line of its log."""


def dockerd() -> str | None:
    """Return the path of dockerd, also where sbin is not on PATH; None where it is not installed."""
    return shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def daemon() -> Iterator[str]:
    """Start dockerd and yield its address once it answers; SIGTERM, too, restores the network and the mounts."""
    _remove_stale()
    folder, network_before = Path(tempfile.mkdtemp(prefix=PREFIX)), Network.now()
    program = _program(folder)
    child = processes.start(program)
    previous_handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        host = f"unix://{folder}/socket"
        _wait_until_ready(host, child, program)
        yield host
    finally:
        processes.stop(child, program)
        network_before.restore()
        _unmount(folder)
        shutil.rmtree(folder)
        signal.signal(signal.SIGTERM, previous_handler)


def _remove_stale() -> None:
    """Remove the leftovers of a killed run; the caller has checked that no engine runs."""
    network.remove_stale()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _unmount(folder)
        shutil.rmtree(folder)


def _program(folder: Path) -> Program:
    folders = ("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid")
    command = (str(dockerd()), *folders, "--host", f"unix://{folder}/socket", "--mtu", str(mtu()))
    return Program("dockerd", command, folder / "dockerd.log", stop_timeout=90)


def _wait_until_ready(host: str, child: subprocess.Popen[bytes], program: Program) -> None:
    deadline = time.monotonic() + STARTUP
    while not answers(host):
        if child.poll() is not None or time.monotonic() > deadline:
            raise DaemonDidNotStart(processes.tail(program.log, 1).strip())
        time.sleep(0.2)


def listens(host: str) -> bool:
    """Return whether the socket accepts connections; the Docker client would leak its socket where nothing listens."""
    with suppress(OSError), _connected(host):
        return True
    return False


def answers(host: str) -> bool:
    """Return whether dockerd answers a ping: it listens before it knows whether it can run."""
    with suppress(OSError), _connected(host) as connection:
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in connection.recv(100)
    return False


@contextmanager
def _connected(host: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(host.removeprefix("unix://"))
        yield connection


def _unmount(folder: Path) -> None:
    """Unmount what containers left mounted below the folder, the innermost first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True):
        run("umount", point)
