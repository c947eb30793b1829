"""The container engine: the running one, else a dockerd of our own where the environment asks for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
import psutil

from tests.containers.daemon import DaemonDidNotStart, daemon, dockerd, listens

DEFAULT = "unix:///var/run/docker.sock"
START_VARIABLE = "IEUM_TEST_ENGINE"  # `start`: where none answers, start one


class EngineUnavailable(Exception):
    """No container engine is available; the message gives the reason and the remedy."""


@dataclass(frozen=True)
class Engine:
    """A container engine: the address of its socket, and its version."""

    host: str
    version: str

    @property
    def name(self) -> str:
        return f"docker {self.version.split('+')[0]}"

    @contextmanager
    def client(self) -> Iterator["docker.DockerClient"]:
        client = docker.DockerClient(base_url=self.host, timeout=600)
        try:
            yield client
        finally:
            client.close()


def running_engine(host: str | None = None) -> Engine:
    """Return the engine of DOCKER_HOST or of the default socket; raises EngineUnavailable when it does not answer."""
    host = host or os.environ.get("DOCKER_HOST") or DEFAULT
    if not host.startswith("unix://"):
        raise EngineUnavailable(f"DOCKER_HOST={host}: its published ports are not on this machine")
    if not listens(host):
        raise EngineUnavailable(f"no container engine answers at {host}")
    with Engine(host, "").client() as client:
        return Engine(host, client.version()["Version"])


@contextmanager
def engine() -> Iterator[Engine]:
    """Yield the running engine, or one of our own that is removed afterwards; raises EngineUnavailable."""
    try:
        running = running_engine()
    except EngineUnavailable as unavailable:
        check_may_start(str(unavailable))
        try:
            with daemon() as host:
                yield running_engine(host)
        except DaemonDidNotStart as failure:
            raise EngineUnavailable(f"{unavailable}, and dockerd does not start here: {failure}") from failure
    else:
        yield running


def check_may_start(reason: str) -> None:
    """Raise EngineUnavailable where an engine of our own may not or cannot run; two would share the kernel's rules."""
    if os.environ.get(START_VARIABLE) != "start":
        raise EngineUnavailable(
            f"{reason}, and {START_VARIABLE}=start does not ask for one of our own (.ci/run does)"
        )
    if os.geteuid() != 0 or dockerd() is None:
        raise EngineUnavailable(
            f"{reason}, and none can be started: that takes root and dockerd (apt: docker.io iptables)"
        )
    pids = [process.pid for process in psutil.process_iter(["name"]) if process.info["name"] == "dockerd"]
    if pids:
        raise EngineUnavailable(f"{reason}, but a dockerd runs that listens elsewhere (process {pids[0]})")
