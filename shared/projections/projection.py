"""What a projection is: a fold of facts into the rows of one table. Nothing else writes that table.

    RowProjection   (state, fact) -> state, one row a key
    SumProjection   fact -> amounts that are added to tiles
    ListProjection  fact -> rows that are kept, one or more an event

A column of a row is fed by one topic only, and a row's events of one topic bear one key: so each state is fed by one
partition, which the projector's fence makes ours alone. It can be held in memory from batch to batch, and is
written without being read or locked first; who folds another topic of the same row writes other columns.

States and rows are plain values as JSON has them: dates and ids are text, won are int.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from sqlmodel import SQLModel

from shared.database.engine import Connection, Reader
from shared.events import Event
from shared.projections.upserts import TableSql, json

Key = tuple[Any, ...]
State = dict[str, Any]

MAX_STATES = 20_000  # states of one table and topic held in memory


class DecodedEvent(NamedTuple):
    """An event of ours as a projection gets it: `occurred_on` and `recorded_at` are ISO text."""

    type: str
    source: str
    id: str
    subject: str
    sequence: int
    occurred_on: str
    recorded_at: str
    data: dict[str, Any]
    authid: str | None


class Collector(Protocol):
    """What a projection, or one topic's part of it, gathers in a batch: `fold` is pure and says what a fact
    changes, `take` folds facts and collects what they change, `hand_over` gives what is to be written, `save`
    writes it. The next batch is folded meanwhile; `forget` is for what was not committed, or taken in part."""

    @property
    def subscribes_to(self) -> Iterable[type[Event]]: ...

    async def load(self, connection: Reader, facts: Sequence[DecodedEvent]) -> None: ...

    def fold(self, fact: DecodedEvent) -> Any: ...

    def collect(self, facts: Iterable[DecodedEvent]) -> None: ...

    def drain(self) -> Any: ...

    async def save(self, connection: Connection, given: Any) -> None: ...

    def reset(self) -> None: ...


class Projection(Protocol):
    """A pure fold and its tables."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> Sequence[type[SQLModel]]: ...

    @property
    def subscribes_to(self) -> frozenset[type[Event]]: ...

    def collectors(self) -> Sequence[Collector]:
        """New ones, which know nothing yet."""
        ...


def sql_of(table: type[SQLModel], named: Iterable[str] | None = None) -> TableSql:
    return TableSql(table.__table__, named)  # type: ignore[attr-defined]  # not in its types


def tables_of(projections: Iterable[Projection]) -> list[TableSql]:
    """All tables that these write, by name."""
    tables = {table for one in projections for table in one.tables}
    return sorted(map(sql_of, tables), key=lambda columns: columns.table)


@dataclass(frozen=True)
class RowProjection:
    """One row a key; columns outside the key may be null. `fed_by`: the columns of each topic beyond the first."""

    name: str
    table: type[SQLModel]
    key: Callable[[DecodedEvent], Key]
    folds: Mapping[type[Event], Callable[[State, DecodedEvent], State]]
    columns_by_topic: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @property
    def subscribes_to(self) -> frozenset[type[Event]]:
        return frozenset(self.folds)

    def topics(self) -> dict[str, list[str]]:
        """Each topic with its columns. Raises ValueError where a topic's are not known."""
        others = {name for columns in self.columns_by_topic.values() for name in columns}
        first = [name for name in sql_of(self.table).names if name not in others]
        unnamed = {event.topic for event in self.folds} - self.columns_by_topic.keys()
        if len(unnamed) > 1:
            raise ValueError(f"{self.name}: fed_by lacks all but one of {sorted(unnamed)}")
        return dict.fromkeys(unnamed, first) | {
            topic: list(names) for topic, names in self.columns_by_topic.items()
        }

    def collectors(self) -> "list[RowCollector]":
        return [RowCollector(self, topic, columns) for topic, columns in sorted(self.topics().items())]


class RowCollector:
    """One topic's columns of the rows, as far as they were met."""

    def __init__(self, projection: RowProjection, topic: str, columns: Iterable[str]) -> None:
        self.key = projection.key
        self.subscribes_to = [event for event in projection.folds if event.topic == topic]
        self.by_type = {event.type(): projection.folds[event] for event in self.subscribes_to}
        self.columns = sql_of(projection.table, columns)
        self.names = [column.name for column in self.columns.key]
        self.blank: State = dict.fromkeys(self.columns.names)
        self.reset()

    def reset(self) -> None:
        self.states: dict[Key, State] = {}
        self.previous: dict[Key, State] = {}  # of those that the batch has changed
        self.draining: Collection[Key] = ()

    def add_missing(self, facts: Iterable[DecodedEvent]) -> set[Key]:
        """The keys of rows that were not met before; their states begin empty."""
        new = {key for key in map(self.key, facts) if key not in self.states}
        for key in new:
            self.states[key] = self.blank | dict(zip(self.names, key, strict=True))
        return new

    async def load(self, connection: Reader, facts: Sequence[DecodedEvent]) -> None:
        if len(self.states) > MAX_STATES:
            # What was handed over last may not be in the database yet.
            self.states = {key: self.states[key] for key in self.draining}
        if new := self.add_missing(facts):
            for row in await connection.fetch(self.columns.select_by_key, self.columns.encode(new)):
                state = self.columns.decode(row)
                self.states[tuple(state[name] for name in self.names)] = state

    def fold(self, fact: DecodedEvent) -> State:
        return self.by_type[fact.type](self.states[self.key(fact)], fact)

    def collect(self, facts: Iterable[DecodedEvent]) -> None:
        states, before, key, by_type = self.states, self.previous, self.key, self.by_type
        for fact in facts:
            at = key(fact)
            state = states[at]
            now = by_type[fact.type](state, fact)
            if now is not state:
                before.setdefault(at, state)
                states[at] = now

    def drain(self) -> Any:
        self.draining, self.previous = self.previous.keys(), {}
        return [self.states[key] for key in self.draining]

    async def save(self, connection: Connection, given: Any) -> None:
        await connection.execute(self.columns.upsert, json(given))


@dataclass(frozen=True)
class SumProjection:
    """Tiles: the table's one column outside the key is the sum."""

    name: str
    table: type[SQLModel]
    amounts: Mapping[type[Event], Callable[[DecodedEvent], Iterable[tuple[Key, int]]]]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def by_type(self) -> dict[str, Callable[[DecodedEvent], Iterable[tuple[Key, int]]]]:
        return {event.type(): tiles for event, tiles in self.amounts.items()}

    @property
    def subscribes_to(self) -> frozenset[type[Event]]:
        return frozenset(self.amounts)

    def collectors(self) -> "list[SumCollector]":
        return [SumCollector(self)]


class SumCollector:
    """What is to be added to each tile."""

    def __init__(self, projection: SumProjection) -> None:
        self.subscribes_to, self.by_type = projection.subscribes_to, projection.by_type
        self.columns = sql_of(projection.table)
        self.amounts: dict[Key, int] = {}

    def reset(self) -> None:
        self.amounts = {}

    async def load(self, connection: Reader, facts: Sequence[DecodedEvent]) -> None:
        """Nothing: what is there already is added to."""

    def fold(self, fact: DecodedEvent) -> list[tuple[Key, int]]:
        return list(self.by_type[fact.type](fact))

    def collect(self, facts: Iterable[DecodedEvent]) -> None:
        for fact in facts:
            for key, amount in self.by_type[fact.type](fact):
                self.amounts[key] = self.amounts.get(key, 0) + amount

    def drain(self) -> dict[Key, int]:
        given, self.amounts = self.amounts, {}
        return given

    async def save(self, connection: Connection, given: dict[Key, int]) -> None:
        tiles = self.columns.encode((*key, amount) for key, amount in given.items())
        await connection.execute(self.columns.increment, tiles)


@dataclass(frozen=True)
class ListProjection:
    """Rows that are kept as they are, one or more an event."""

    name: str
    table: type[SQLModel]
    rows: Mapping[type[Event], Callable[[DecodedEvent], Iterable[State]]]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def by_type(self) -> dict[str, Callable[[DecodedEvent], Iterable[State]]]:
        return {event.type(): rows for event, rows in self.rows.items()}

    @property
    def subscribes_to(self) -> frozenset[type[Event]]:
        return frozenset(self.rows)

    def collectors(self) -> "list[ListCollector]":
        return [ListCollector(self)]


class ListCollector:
    """Rows to be kept."""

    def __init__(self, projection: ListProjection) -> None:
        self.subscribes_to, self.by_type = projection.subscribes_to, projection.by_type
        self.columns = sql_of(projection.table)
        self.rows: list[State] = []

    def reset(self) -> None:
        self.rows = []

    async def load(self, connection: Reader, facts: Sequence[DecodedEvent]) -> None:
        """Nothing: what is kept never changes."""

    def fold(self, fact: DecodedEvent) -> list[State]:
        return list(self.by_type[fact.type](fact))

    def collect(self, facts: Iterable[DecodedEvent]) -> None:
        for fact in facts:
            self.rows.extend(self.by_type[fact.type](fact))

    def drain(self) -> list[State]:
        given, self.rows = self.rows, []
        return given

    async def save(self, connection: Connection, given: list[State]) -> None:
        await connection.execute(self.columns.insert_ignore, json(given))
