"""A container engine: the one that answers, else a dockerd of our own where we are told to start one, else none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
import psutil

from tests.containers.daemon import DoesNotStart, daemon, dockerd, listens

DEFAULT = "unix:///var/run/docker.sock"
WISH = "IEUM_TEST_ENGINE"  # `start`: where none answers, start one


class NoEngine(Exception):
    """There is none; the text says why, and what would help."""


@dataclass(frozen=True)
class Engine:
    """Where it listens, and its version."""

    host: str
    version: str

    @property
    def name(self) -> str:
        return f"docker {self.version.split('+')[0]}"

    @contextmanager
    def client(self) -> Iterator["docker.DockerClient"]:
        with_it = docker.DockerClient(base_url=self.host, timeout=600)
        try:
            yield with_it
        finally:
            with_it.close()


def answering(host: str | None = None) -> Engine:
    """The engine of DOCKER_HOST or of the usual socket; raises NoEngine where it does not answer."""
    host = host or os.environ.get("DOCKER_HOST") or DEFAULT
    if not host.startswith("unix://"):
        raise NoEngine(f"DOCKER_HOST={host}: its published ports are not on this machine")
    if not listens(host):
        raise NoEngine(f"no container engine answers at {host}")
    with Engine(host, "").client() as client:
        return Engine(host, client.version()["Version"])


@contextmanager
def engine() -> Iterator[Engine]:
    """For as long as it is needed; one of our own is ended, and nothing of it remains. Raises NoEngine."""
    try:
        found = answering()
    except NoEngine as none:
        refuse_to_start(str(none))
        try:
            with daemon() as host:
                yield answering(host)
        except DoesNotStart as said:
            raise NoEngine(f"{none}, and dockerd does not start here: {said}") from said
    else:
        yield found


def refuse_to_start(why: str) -> None:
    """Raises NoEngine where one of our own may not or cannot run; two would share the kernel's rules."""
    if os.environ.get(WISH) != "start":
        raise NoEngine(f"{why}, and {WISH}=start does not ask for one of our own (.ci/run does)")
    if os.geteuid() != 0 or dockerd() is None:
        raise NoEngine(
            f"{why}, and none can be started: that takes root and dockerd (apt: docker.io iptables)"
        )
    if running := [one.pid for one in psutil.process_iter(["name"]) if one.info["name"] == "dockerd"]:
        raise NoEngine(f"{why}, but a dockerd runs that listens elsewhere (process {running[0]})")
