"""What a dockerd changes in the kernel's network, and how it is put back: rules, bridges, forwarding."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.containers.commands import run

LINKS = Path("/sys/class/net")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
OURS = re.compile(r"DOCKER|docker0|br-[0-9a-f]{12}")
BRIDGE = re.compile(r"docker0|br-[0-9a-f]{12}|veth[0-9a-f]{7}")


def mtu() -> int:
    """That of the way out: a container whose packets are longer hangs in the middle of a download."""
    routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    way_out = [name for name, destination, *_ in routes if int(destination, 16) == 0]
    return min((int((LINKS / name / "mtu").read_text()) for name in way_out), default=1500)


@dataclass(frozen=True)
class Network:
    """How it was before the engine started."""

    forwarding: str
    policy: str
    links: frozenset[str]

    @classmethod
    def now(cls) -> "Network":
        return cls(FORWARDING.read_text(), _policy(), frozenset(_links()))

    def restore(self) -> None:
        """Only one engine runs at a time (engine.py refuses a second), so all that bears its name is ours."""
        _forget_rules()
        _delete_bridges(keeping=self.links)
        run("iptables", "-P", "FORWARD", self.policy)
        FORWARDING.write_text(self.forwarding)


def sweep() -> None:
    """What an engine left that was killed, when none runs; it had set the policy to DROP."""
    if list(_rules()):
        Network(FORWARDING.read_text(), "ACCEPT", frozenset()).restore()


def _forget_rules() -> None:
    for table, words in _rules():
        if words[0] == "-A" and not words[1].startswith("DOCKER"):
            run("iptables", "-t", table, "-D", *words[1:])
    chains = [(table, words[1]) for table, words in _rules() if words[0] == "-N"]
    for order in ("-F", "-X"):
        for table, chain in chains:
            run("iptables", "-t", table, order, chain)


def _delete_bridges(keeping: frozenset[str]) -> None:
    for link in set(_links()) - keeping:
        if BRIDGE.fullmatch(link):
            run("ip", "link", "delete", link, may_fail=True)  # a pair's other end is gone with it


def _links() -> list[str]:
    return [one.name for one in LINKS.iterdir()]


def _rules() -> Iterator[tuple[str, list[str]]]:
    """Every rule and chain of an engine, with its table, in words that iptables takes back."""
    for table in ("filter", "nat"):
        for line in run("iptables", "-t", table, "-S").splitlines():
            if line.startswith(("-A", "-N")) and OURS.search(line):
                yield table, shlex.split(line)


def _policy() -> str:
    """Beside it stands a warning where the machine has rules of both of iptables' kinds."""
    lines = run("iptables", "-S", "FORWARD").splitlines()
    return next(line.split()[2] for line in lines if line.startswith("-P FORWARD"))
