"""What is judged: every record of every topic, every row of every table, and what the workload asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from tests.chaos.history import Operation

Row = Mapping[str, Any]
Place = tuple[str, int, int]
OUTSIDERS = "ieum.external."
PREFIX = "kr.ieum."
DEAD = "record.dead_lettered.v1"


@dataclass(frozen=True)
class Record:
    """As it stands on its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset

    @property
    def words(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def is_ours(self) -> bool:
        return not self.topic.startswith(OUTSIDERS)

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """CloudEvents attributes; none where it is no CloudEvent."""
        try:
            found = self._structured() if self.is_structured else self._binary()
        except (ValueError, TypeError):
            return {}
        needed = ("id", "source", "type", "subject")
        return found if all(isinstance(found.get(name), str) for name in needed) else {}

    @property
    def is_structured(self) -> bool:
        return dict(self.headers).get("content-type", b"").startswith(b"application/cloudevents")

    @property
    def identity(self) -> tuple[str, str]:
        return self.attributes["source"], self.attributes["id"]

    @cached_property
    def name(self) -> str:
        """Such as tranche.approved.v1; empty where it is no CloudEvent."""
        return self.attributes.get("type", "").removeprefix(PREFIX)

    @property
    def content(self) -> bytes:
        """The event itself, as bytes."""
        return (
            orjson.dumps(orjson.loads(self.value or b"")["data"]) if self.is_structured else self.value or b""
        )

    @cached_property
    def data(self) -> Mapping[str, Any]:
        found = orjson.loads(self.content)
        return found if isinstance(found, dict) else {}

    def _binary(self) -> dict[str, str]:
        return {name[3:]: text.decode() for name, text in self.headers if name.startswith("ce_")}

    def _structured(self) -> dict[str, Any]:
        found = orjson.loads(self.value or b"")
        return found if isinstance(found, dict) and "data" in found else {}


@dataclass(frozen=True)
class Logged:
    """An event as the service that gave it out keeps it."""

    service: str
    row: Row

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def identity(self) -> tuple[str, str]:
        return f"/services/{self.service}", self.id

    @property
    def name(self) -> str:
        return str(self.row["type"]).removeprefix(PREFIX)

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        found: Mapping[str, str] = orjson.loads(self.row["attributes"])
        return found

    @cached_property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = orjson.loads(self.row["data"])
        return found


@dataclass(frozen=True)
class Accepted:
    """What a provider took over, as its own journal says: by channel and the id of our message."""

    channel: str
    message_id: str


@dataclass(frozen=True)
class Evidence:
    """`tables`: by service and table. `unrest`: what still moved when it was taken. `accepted` is None where
    nobody said what the providers took over."""

    records: Sequence[Record]
    tables: Mapping[str, Mapping[str, Sequence[Row]]]
    history: Sequence[Operation]
    accepted: Sequence[Accepted] | None = None
    unrest: Sequence[str] = field(default_factory=tuple)

    def rows(self, service: str, table: str) -> Sequence[Row]:
        return self.tables[service][table]

    @cached_property
    def poison(self) -> Mapping[Place, str]:
        """The rule of each record that was put there on purpose."""
        return {
            (one.topic or "", one.partition or 0, one.offset or 0): one.rule or ""
            for one in self.history
            if one.kind == "poison"
        }

    @cached_property
    def told(self) -> Sequence[Record]:
        """The first record of each event, in the order of topics, partitions and offsets; poison left out."""
        first: dict[tuple[str, str], Record] = {}
        for record in self.records:
            if record.attributes and record.place not in self.poison:
                first.setdefault(record.identity, record)
        return list(first.values())

    @cached_property
    def facts(self) -> Sequence[Record]:
        """Our own events, each once, in an order that keeps each subject's; without those about dead letters."""
        return [one for one in self.told if one.is_ours and one.name != DEAD]

    def named(self, *names: str) -> Iterator[Record]:
        """Our events of these names, such as tranche.approved."""
        wanted = {f"{name}.v1" for name in names}
        return (one for one in self.facts if one.name in wanted)

    @cached_property
    def definitions(self) -> Mapping[tuple[str, int], Mapping[str, Any]]:
        """By programme and version."""
        return {
            (one.data["programme_id"], one.data["version"]): one.data["definition"]
            for one in self.named("programme.published")
        }

    @cached_property
    def commands(self) -> Sequence[Operation]:
        return [one for one in self.history if one.kind == "command"]

    @cached_property
    def logged(self) -> Sequence[Logged]:
        """Every event that a service says it gave out."""
        return [Logged(service, row) for service in self.tables for row in self.tables[service]["event_log"]]
