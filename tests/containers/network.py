"""Restoring the kernel's network after a dockerd: rules, bridges, forwarding."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.containers.commands import run

LINKS = Path("/sys/class/net")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
ENGINE_RULE = re.compile(r"DOCKER|docker0|br-[0-9a-f]{12}")
BRIDGE = re.compile(r"docker0|br-[0-9a-f]{12}|veth[0-9a-f]{7}")


def mtu() -> int:
    """Return the smallest MTU of the default routes: larger packets of a container would stall a download."""
    routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    outbound = [name for name, destination, *_ in routes if int(destination, 16) == 0]
    return min((int((LINKS / name / "mtu").read_text()) for name in outbound), default=1500)


@dataclass(frozen=True)
class Network:
    """The state of the network before the engine started."""

    forwarding: str
    policy: str
    links: frozenset[str]

    @classmethod
    def now(cls) -> "Network":
        return cls(FORWARDING.read_text(), _policy(), frozenset(_links()))

    def restore(self) -> None:
        """Restore this state; only one engine runs at a time (engine.py refuses a second), so every engine rule is ours."""
        _delete_rules()
        _delete_bridges(keeping=self.links)
        run("iptables", "-P", "FORWARD", self.policy)
        FORWARDING.write_text(self.forwarding)


def remove_stale() -> None:
    """Remove the rules of a killed engine while none runs; it had set the policy to DROP."""
    if list(_rules()):
        Network(FORWARDING.read_text(), "ACCEPT", frozenset()).restore()


def _delete_rules() -> None:
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
            run("ip", "link", "delete", link, may_fail=True)  # deletes the other end of a pair as well


def _links() -> list[str]:
    return [link.name for link in LINKS.iterdir()]


def _rules() -> Iterator[tuple[str, list[str]]]:
    """Yield each rule and chain of an engine with its table, as arguments for iptables."""
    for table in ("filter", "nat"):
        for line in run("iptables", "-t", table, "-S").splitlines():
            if line.startswith(("-A", "-N")) and ENGINE_RULE.search(line):
                yield table, shlex.split(line)


def _policy() -> str:
    """Return the policy of FORWARD; iptables may print a warning beside it about its two kinds of rules."""
    lines = run("iptables", "-S", "FORWARD").splitlines()
    return next(line.split()[2] for line in lines if line.startswith("-P FORWARD"))
