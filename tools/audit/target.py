"""What is verified: the databases, the Kafka, the processes and the logs of one installation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.devstack import status
from tools.devstack.ports import LOOPBACK
from tools.devstack.state import State

PARKING_SECONDS = 86_400.0  # as long as a service lets a record wait for its prerequisite


@dataclass(frozen=True)
class Target:
    """`owners` are the addresses of the schemas' owners by service; `processes` those of each process's HTTP."""

    owners: Mapping[str, str]
    kafka: str
    processes: Sequence[str]
    logs: Path
    parking_seconds: float = PARKING_SECONDS


def target_of(state: State) -> Target:
    """The stack that runs on this folder; raises StackError when none does."""
    now = status.read(state)
    urls = [f"http://{LOOPBACK}:{one.port}" for one in now.processes if one.port]
    return Target(now.owners, now.kafka["bootstrap"], urls, state.logs)
