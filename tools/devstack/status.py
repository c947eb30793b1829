"""Status of the running stack: written by the stack, read by `ieum status`, `ieum down` and the demo."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tools.devstack import orphans
from tools.devstack.business_clock import BusinessClock
from tools.devstack.errors import StackError
from tools.devstack.state import State, write_private


@dataclass(frozen=True)
class ProcessStatus:
    """One process; `ready` is its last answer to /readyz, None for a process without that endpoint."""

    name: str
    service: str
    roles: list[str]
    pid: int
    port: int | None
    restarts: int
    ready: bool | None


@dataclass(frozen=True)
class Status:
    """All addresses and processes.

    `owners` are the addresses of the roles that own the schemas (migrations), `audit` that of the role which reads all.
    """

    supervisor: dict[str, Any]
    kafka: dict[str, Any]
    databases: dict[str, str]
    owners: dict[str, str]
    apis: dict[str, str]
    board: str | None
    inbox: dict[str, str]
    audit: str = ""
    business_date: str | None = None
    business_clock_file: str | None = None
    processes: list[ProcessStatus] = field(default_factory=list)

    @property
    def clock(self) -> BusinessClock | None:
        """Return the business clock that a player moves, None where no file moves it."""
        return BusinessClock(Path(self.business_clock_file)) if self.business_clock_file else None

    def as_json(self) -> str:
        """Return the JSON text of the status file, with the databases' passwords."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def write(state: State, status: Status) -> None:
    """Write the status file atomically; it contains passwords and is readable by its owner alone."""
    write_private(state.status, status.as_json())


def read(state: State) -> Status:
    """Return the status of the stack that runs on this state folder; raises StackError when none does."""
    if not state.status.exists():
        raise _nothing_runs(state)
    raw = json.loads(state.status.read_text(encoding="utf-8"))
    status = Status(**{**raw, "processes": [ProcessStatus(**process) for process in raw["processes"]]})
    if orphans.find_running(status.supervisor) is None:
        raise _nothing_runs(state)
    return status


def _nothing_runs(state: State) -> StackError:
    return StackError(
        f"이 상태 폴더에서 실행 중인 것이 없습니다: {state.folder}. ieum up으로 시작하십시오.\n"
        "  Nothing runs on this state folder: start it with `ieum up`."
    )
