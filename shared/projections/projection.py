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
from shared.projections.upserts import Columns, json

Key = tuple[Any, ...]
State = dict[str, Any]

MOST = 20_000  # states of one table and topic held in memory


class Fact(NamedTuple):
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
    def hears(self) -> Iterable[type[Event]]: ...

    async def load(self, connection: Reader, facts: Sequence[Fact]) -> None: ...

    def fold(self, fact: Fact) -> Any: ...

    def take(self, facts: Iterable[Fact]) -> None: ...

    def hand_over(self) -> Any: ...

    async def save(self, connection: Connection, given: Any) -> None: ...

    def forget(self) -> None: ...


class Projection(Protocol):
    """A pure fold and its tables."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> Sequence[type[SQLModel]]: ...

    @property
    def hears(self) -> frozenset[type[Event]]: ...

    def collectors(self) -> Sequence[Collector]:
        """New ones, which know nothing yet."""
        ...


def columns_of(table: type[SQLModel], named: Iterable[str] | None = None) -> Columns:
    return Columns(table.__table__, named)  # type: ignore[attr-defined]  # not in its types


def tables_of(projections: Iterable[Projection]) -> list[Columns]:
    """All tables that these write, by name."""
    tables = {table for one in projections for table in one.tables}
    return sorted(map(columns_of, tables), key=lambda columns: columns.table)


@dataclass(frozen=True)
class RowProjection:
    """One row a key; columns outside the key may be null. `fed_by`: the columns of each topic beyond the first."""

    name: str
    table: type[SQLModel]
    key: Callable[[Fact], Key]
    folds: Mapping[type[Event], Callable[[State, Fact], State]]
    fed_by: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.folds)

    def topics(self) -> dict[str, list[str]]:
        """Each topic with its columns. Raises ValueError where a topic's are not known."""
        others = {name for columns in self.fed_by.values() for name in columns}
        first = [name for name in columns_of(self.table).names if name not in others]
        unnamed = {event.topic for event in self.folds} - self.fed_by.keys()
        if len(unnamed) > 1:
            raise ValueError(f"{self.name}: fed_by lacks all but one of {sorted(unnamed)}")
        return dict.fromkeys(unnamed, first) | {topic: list(names) for topic, names in self.fed_by.items()}

    def collectors(self) -> "list[Rows]":
        return [Rows(self, topic, columns) for topic, columns in sorted(self.topics().items())]


class Rows:
    """One topic's columns of the rows, as far as they were met."""

    def __init__(self, projection: RowProjection, topic: str, columns: Iterable[str]) -> None:
        self.key = projection.key
        self.hears = [event for event in projection.folds if event.topic == topic]
        self.by_type = {event.type(): projection.folds[event] for event in self.hears}
        self.columns = columns_of(projection.table, columns)
        self.names = [column.name for column in self.columns.key]
        self.blank: State = dict.fromkeys(self.columns.names)
        self.forget()

    def forget(self) -> None:
        self.states: dict[Key, State] = {}
        self.before: dict[Key, State] = {}  # of those that the batch has changed
        self.handed: Collection[Key] = ()

    def meet(self, facts: Iterable[Fact]) -> set[Key]:
        """The keys of rows that were not met before; their states begin empty."""
        new = {key for key in map(self.key, facts) if key not in self.states}
        for key in new:
            self.states[key] = self.blank | dict(zip(self.names, key, strict=True))
        return new

    async def load(self, connection: Reader, facts: Sequence[Fact]) -> None:
        if len(self.states) > MOST:
            # What was handed over last may not be in the database yet.
            self.states = {key: self.states[key] for key in self.handed}
        if new := self.meet(facts):
            for row in await connection.fetch(self.columns.load, self.columns.rows(new)):
                state = self.columns.state(row)
                self.states[tuple(state[name] for name in self.names)] = state

    def fold(self, fact: Fact) -> State:
        return self.by_type[fact.type](self.states[self.key(fact)], fact)

    def take(self, facts: Iterable[Fact]) -> None:
        states, before, key, by_type = self.states, self.before, self.key, self.by_type
        for fact in facts:
            at = key(fact)
            state = states[at]
            now = by_type[fact.type](state, fact)
            if now is not state:
                before.setdefault(at, state)
                states[at] = now

    def hand_over(self) -> Any:
        self.handed, self.before = self.before.keys(), {}
        return [self.states[key] for key in self.handed]

    async def save(self, connection: Connection, given: Any) -> None:
        await connection.execute(self.columns.put, json(given))


@dataclass(frozen=True)
class SumProjection:
    """Tiles: the table's one column outside the key is the sum."""

    name: str
    table: type[SQLModel]
    tiles: Mapping[type[Event], Callable[[Fact], Iterable[tuple[Key, int]]]]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def by_type(self) -> dict[str, Callable[[Fact], Iterable[tuple[Key, int]]]]:
        return {event.type(): tiles for event, tiles in self.tiles.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.tiles)

    def collectors(self) -> "list[Sums]":
        return [Sums(self)]


class Sums:
    """What is to be added to each tile."""

    def __init__(self, projection: SumProjection) -> None:
        self.hears, self.by_type = projection.hears, projection.by_type
        self.columns = columns_of(projection.table)
        self.amounts: dict[Key, int] = {}

    def forget(self) -> None:
        self.amounts = {}

    async def load(self, connection: Reader, facts: Sequence[Fact]) -> None:
        """Nothing: what is there already is added to."""

    def fold(self, fact: Fact) -> list[tuple[Key, int]]:
        return list(self.by_type[fact.type](fact))

    def take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            for key, amount in self.by_type[fact.type](fact):
                self.amounts[key] = self.amounts.get(key, 0) + amount

    def hand_over(self) -> dict[Key, int]:
        given, self.amounts = self.amounts, {}
        return given

    async def save(self, connection: Connection, given: dict[Key, int]) -> None:
        tiles = self.columns.rows((*key, amount) for key, amount in given.items())
        await connection.execute(self.columns.add, tiles)


@dataclass(frozen=True)
class ListProjection:
    """Rows that are kept as they are, one or more an event."""

    name: str
    table: type[SQLModel]
    rows: Mapping[type[Event], Callable[[Fact], Iterable[State]]]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def by_type(self) -> dict[str, Callable[[Fact], Iterable[State]]]:
        return {event.type(): rows for event, rows in self.rows.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.rows)

    def collectors(self) -> "list[List]":
        return [List(self)]


class List:
    """Rows to be kept."""

    def __init__(self, projection: ListProjection) -> None:
        self.hears, self.by_type = projection.hears, projection.by_type
        self.columns = columns_of(projection.table)
        self.rows: list[State] = []

    def forget(self) -> None:
        self.rows = []

    async def load(self, connection: Reader, facts: Sequence[Fact]) -> None:
        """Nothing: what is kept never changes."""

    def fold(self, fact: Fact) -> list[State]:
        return list(self.by_type[fact.type](fact))

    def take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self.rows.extend(self.by_type[fact.type](fact))

    def hand_over(self) -> list[State]:
        given, self.rows = self.rows, []
        return given

    async def save(self, connection: Connection, given: list[State]) -> None:
        await connection.execute(self.columns.keep, json(given))
