"""The installation under audit: one given by URLs, or the embedded stack of a state folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.devstack import status
from tools.devstack.errors import StackError
from tools.devstack.ports import LOOPBACK
from tools.devstack.state import State, state_at

PARKING_SECONDS = 86_400.0  # as long as a service lets a record wait for its prerequisite


@dataclass(frozen=True)
class Target:
    """Database and Kafka; `processes` (HTTP addresses) and `logs` (a folder) are None where they are not known."""

    database_url: str
    kafka: str
    processes: Sequence[str] | None = None
    logs: Path | None = None
    parking_seconds: float = PARKING_SECONDS


def find_target(database_url: str | None, kafka: str | None, folder: Path | None) -> Target:
    """Return the installation at the URLs, else the stack that runs on the folder, else that of the environment.

    Raises StackError where there is none of them.
    """
    if folder is not None and not (database_url or kafka):
        return target_of(state_at(folder))
    given = (
        database_url or os.environ.get("IEUM_DATABASE_URL"),
        kafka or os.environ.get("IEUM_KAFKA_BOOTSTRAP"),
    )
    if not (database_url or kafka):
        try:
            return target_of(state_at())
        except StackError:
            if not all(given):
                raise
    return _target_at(*given)


def target_of(state: State) -> Target:
    """Return the stack that runs on this folder; raises StackError when none does."""
    now = status.read(state)
    urls = [f"http://{LOOPBACK}:{process.port}" for process in now.processes if process.port]
    return Target(now.audit, now.kafka["bootstrap"], urls, state.logs)


def _target_at(database_url: str | None, kafka: str | None) -> Target:
    if database_url and kafka:
        return Target(database_url, kafka)
    raise StackError(
        "데이터베이스와 카프카 주소가 모두 있어야 합니다(--database-url, --kafka 또는 IEUM_DATABASE_URL, IEUM_KAFKA_BOOTSTRAP).\n"
        "  Both addresses are needed: --database-url and --kafka, or IEUM_DATABASE_URL and IEUM_KAFKA_BOOTSTRAP."
    )
