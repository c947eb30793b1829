"""Projections: folds of events into the rows of one table. Nothing else writes that table.

    RowProjection              (state, event) -> state, one row per key
    SumProjection              event -> amounts that are added to the rows of their keys
    ListProjection             event -> rows that are inserted, one or more per event
    RollupRowProjection        a RowProjection with sums over its rows (rollups.py)
    FirstOccurrenceProjection  the first day of each key, with sums by that day (first.py)

A column of a row is fed by one topic only, and a row's events of one topic bear one key: so each state is fed by one
partition, which the projector's fence lets one projector own. It can be held in memory from batch to batch, and is written
without being read or locked first; the projector that folds another topic of the same row writes other columns.

States and rows are plain JSON values: dates and ids are text, won are int.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from sqlmodel import SQLModel

from shared.database.transaction import Connection
from shared.events import Event
from shared.projections.table_sql import TableSql, json

Key = tuple[Any, ...]
State = dict[str, Any]

MAX_STATES = 20_000  # states of one table and topic held in memory


class DecodedEvent(NamedTuple):
    """An event as a fold receives it: `occurred_on` and `recorded_at` are ISO 8601 text, `data` is its JSON."""

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
    """Gathers what a batch changes in a projection's table, or in one topic's columns of it.

    `load` reads the states that the events need; `fold` is pure and returns what an event changes; `collect` folds
    events and keeps their changes; `drain` returns the changes and empties the collector; `save` writes them; `reset`
    discards everything, after a transaction that did not commit.
    """

    @property
    def subscribes_to(self) -> Iterable[type[Event]]: ...

    async def load(self, connection: Connection, events: Sequence[DecodedEvent]) -> None: ...

    def fold(self, event: DecodedEvent) -> Any: ...

    def collect(self, events: Iterable[DecodedEvent]) -> None: ...

    def drain(self) -> Any: ...

    async def save(self, connection: Connection, changes: Any) -> None: ...

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
        """Return new, empty collectors."""
        ...


def sql_of(table: type[SQLModel], columns: Iterable[str] | None = None) -> TableSql:
    """Return the SQL of a table, with all its columns or the named ones beside its key."""
    return TableSql(table.__table__, columns)  # type: ignore[attr-defined]  # not in its types


def tables_of(projections: Iterable[Projection]) -> list[TableSql]:
    """Return the SQL of all tables that the projections write, by name."""
    tables = {table for projection in projections for table in projection.tables}
    return sorted(map(sql_of, tables), key=lambda table: table.table)


@dataclass(frozen=True)
class RowProjection:
    """One row per key; columns outside the key may be null.

    `columns_by_topic`: the columns that each topic beyond the first feeds.
    """

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
        """Return each topic with its columns. Raises ValueError where those of a topic are not named."""
        named = {name for columns in self.columns_by_topic.values() for name in columns}
        first = [name for name in sql_of(self.table).names if name not in named]
        unnamed = {event.topic for event in self.folds} - self.columns_by_topic.keys()
        if len(unnamed) > 1:
            raise ValueError(f"{self.name}: columns_by_topic lacks all but one of {sorted(unnamed)}")
        others = {topic: list(names) for topic, names in self.columns_by_topic.items()}
        return dict.fromkeys(unnamed, first) | others

    def collectors(self) -> "list[RowCollector]":
        return [RowCollector(self, topic, columns) for topic, columns in sorted(self.topics().items())]


class RowCollector:
    """One topic's columns of the rows, with the states held in memory."""

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
        self.previous: dict[Key, State] = {}  # states before the batch, of the rows that it changes

    def add_missing(self, events: Iterable[DecodedEvent]) -> set[Key]:
        """Add the keys that are not in memory, with empty states, and return them."""
        missing = {key for key in map(self.key, events) if key not in self.states}
        for key in missing:
            self.states[key] = self.blank | dict(zip(self.names, key, strict=True))
        return missing

    async def load(self, connection: Connection, events: Sequence[DecodedEvent]) -> None:
        if len(self.states) > MAX_STATES:
            self.states = {}
        if missing := self.add_missing(events):
            for row in await connection.fetch(self.columns.select_by_key, self.columns.encode(missing)):
                state = self.columns.decode(row)
                self.states[tuple(state[name] for name in self.names)] = state

    def fold(self, event: DecodedEvent) -> State:
        return self.by_type[event.type](self.states[self.key(event)], event)

    def collect(self, events: Iterable[DecodedEvent]) -> None:
        states, previous, key_of, by_type = self.states, self.previous, self.key, self.by_type
        for event in events:
            key = key_of(event)
            state = states[key]
            changed = by_type[event.type](state, event)
            if changed is not state:
                previous.setdefault(key, state)
                states[key] = changed

    def drain(self) -> Any:
        """Return the changed rows."""
        changed, self.previous = self.previous.keys(), {}
        return [self.states[key] for key in changed]

    async def save(self, connection: Connection, changes: Any) -> None:
        await connection.execute(self.columns.upsert, json(changes))


@dataclass(frozen=True)
class SumProjection:
    """Sums by key: the table's one column outside the key is the sum of the amounts that events add."""

    name: str
    table: type[SQLModel]
    amounts: Mapping[type[Event], Callable[[DecodedEvent], Iterable[tuple[Key, int]]]]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def by_type(self) -> dict[str, Callable[[DecodedEvent], Iterable[tuple[Key, int]]]]:
        return {event.type(): amounts for event, amounts in self.amounts.items()}

    @property
    def subscribes_to(self) -> frozenset[type[Event]]:
        return frozenset(self.amounts)

    def collectors(self) -> "list[SumCollector]":
        return [SumCollector(self)]


class SumCollector:
    """The amounts to be added, by key."""

    def __init__(self, projection: SumProjection) -> None:
        self.subscribes_to, self.by_type = projection.subscribes_to, projection.by_type
        self.columns = sql_of(projection.table)
        self.reset()

    def reset(self) -> None:
        self.amounts: dict[Key, int] = {}

    async def load(self, connection: Connection, events: Sequence[DecodedEvent]) -> None:
        """Load nothing: amounts are added to the rows where they stand."""

    def fold(self, event: DecodedEvent) -> list[tuple[Key, int]]:
        return list(self.by_type[event.type](event))

    def collect(self, events: Iterable[DecodedEvent]) -> None:
        for event in events:
            for key, amount in self.by_type[event.type](event):
                self.amounts[key] = self.amounts.get(key, 0) + amount

    def drain(self) -> dict[Key, int]:
        changes, self.amounts = self.amounts, {}
        return changes

    async def save(self, connection: Connection, changes: dict[Key, int]) -> None:
        rows = self.columns.encode((*key, amount) for key, amount in changes.items())
        await connection.execute(self.columns.increment, rows)


@dataclass(frozen=True)
class ListProjection:
    """Rows that are inserted and never change, one or more per event."""

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
    """The rows to be inserted."""

    def __init__(self, projection: ListProjection) -> None:
        self.subscribes_to, self.by_type = projection.subscribes_to, projection.by_type
        self.columns = sql_of(projection.table)
        self.reset()

    def reset(self) -> None:
        self.rows: list[State] = []

    async def load(self, connection: Connection, events: Sequence[DecodedEvent]) -> None:
        """Load nothing: inserted rows never change."""

    def fold(self, event: DecodedEvent) -> list[State]:
        return list(self.by_type[event.type](event))

    def collect(self, events: Iterable[DecodedEvent]) -> None:
        for event in events:
            self.rows.extend(self.by_type[event.type](event))

    def drain(self) -> list[State]:
        changes, self.rows = self.rows, []
        return changes

    async def save(self, connection: Connection, changes: list[State]) -> None:
        await connection.execute(self.columns.insert_ignore, json(changes))
