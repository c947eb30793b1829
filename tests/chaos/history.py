"""History of a run: requests and answers as a JSON line an operation, written while the workload is played.

Knows nothing of the product: the checks read with it what the workload wrote.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import orjson

Kind = Literal["command", "event", "poison"]
Outcome = Literal["ok", "refused", "unknown"]


@dataclass(frozen=True)
class Operation:
    """A command over HTTP, an event of another system, or a record that nobody can use.

    `id` is the command's correlation id, or the event's own id. `outcome` is unknown where no answer ever came.
    `answer` is the digest of the whole answer, `result` what later operations need of it.
    """

    kind: Kind
    id: str
    what: str
    outcome: Outcome = "unknown"
    sent_at: str = ""
    answered_at: str | None = None
    attempts: int = 0
    actor: str = ""
    key: str = ""
    service: str = ""
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    status: int | None = None
    rule: str | None = None
    answer: str | None = None
    result: dict[str, Any] = field(default_factory=dict)
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class History:
    """A file of operations; a line is written as soon as its operation has ended, however it ended."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file

    def write(self, operation: Operation) -> None:
        with self.file.open("ab") as out:
            out.write(orjson.dumps(operation, option=orjson.OPT_APPEND_NEWLINE))

    def poisoned(self, topic: str, partition: int, offset: int, rule: str) -> None:
        """A record was put there on purpose that must become a dead letter of this rule, and nothing else."""
        at, id = now(), f"{topic}/{partition}/{offset}"
        made = Operation("poison", id, "poison", "ok", at, at, attempts=1, rule=rule)
        self.write(replace(made, topic=topic, partition=partition, offset=offset))


def read(file: Path) -> Iterator[Operation]:
    """In the order in which they ended; the last line may be half written when the player was killed."""
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield Operation(**orjson.loads(line))


def what_of(path: str) -> str:
    """The command by its path without ids: `cases/approval` for /cases/4f…/tranches/1/approval."""
    first, *rest = path.strip("/").split("/")
    return first if not rest or first == "recipients" else f"{first}/{rest[-1]}"


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
