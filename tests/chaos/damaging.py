"""What a damage is, and the few ways in which a small world is damaged."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from tests.chaos.checker.evidence import Record
from tests.chaos.small_world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """What is wrong in words, which check must say so, and words of each line that it says."""

    says: str
    check: str
    do: Callable[[World], object]
    lines: tuple[str, ...]


def damage(says: str, check: str, do: Callable[[World], object], *lines: str) -> Damage:
    return Damage(says, check, do, lines)


def record(world: World, name: str, number: int = 0) -> Record:
    """The number-th event of this name on the topics."""
    return [one for one in world.records if one.name == f"{name}.v1"][number]


def logged(world: World, name: str, number: int = 0) -> Json:
    """The same in its service's log."""
    id = record(world, name, number).attributes["id"]
    return next(row for tables in world.tables.values() for row in tables["event_log"] if row["id"] == id)


def operation(world: World, what: str, outcome: str = "ok") -> int:
    """Where the first of these stands in the history."""
    found = (index for index, one in enumerate(world.history) if (one.what, one.outcome) == (what, outcome))
    return next(found)


def put(world: World, old: Record, **other: Any) -> Record:
    """Another record stands where this one stood."""
    new = replace(old, **other)
    world.records[world.records.index(old)] = new
    return new


def resay(world: World, name: str, nth: int = 0, /, **said: Any) -> Record:
    """The topic says something else in this event."""
    old = record(world, name, nth)
    return put(world, old, value=orjson.dumps(dict(old.data) | said))


def relog(world: World, name: str, **said: Any) -> None:
    """The log says something else in this event."""
    row = logged(world, name)
    row["data"] = orjson.dumps(orjson.loads(row["data"]) | said).decode()


def reattribute(world: World, name: str, **attributes: str) -> None:
    row = logged(world, name)
    row["attributes"] = orjson.dumps(orjson.loads(row["attributes"]) | attributes).decode()


def drop_record(world: World, name: str, number: int = 0) -> None:
    world.records.remove(record(world, name, number))


def drop_logged(world: World, name: str) -> None:
    row = logged(world, name)
    next(t for t in world.tables.values() if row in t["event_log"])["event_log"].remove(row)


def again(world: World, name: str, **attributes: str) -> str:
    """An event of the same words once more, with other attributes; the id of the new one."""
    old = record(world, name)
    kept = {
        key: old.attributes[key]
        for key in ("correlationid", "causationid", "authid")
        if key in old.attributes
    }
    return world.emit(old.topic, name, old.attributes["subject"], dict(old.data), **{**kept, **attributes})


def row(world: World, service: str, table: str, **where: Any) -> Json:
    rows = world.tables[service][table]
    return next(one for one in rows if all(one[name] == value for name, value in where.items()))


def drop_row(world: World, service: str, table: str, **where: Any) -> None:
    world.tables[service][table].remove(row(world, service, table, **where))


def change(world: World, service: str, table: str, where: Json, **to: Any) -> None:
    row(world, service, table, **where).update(to)


def answer(world: World, what: str, outcome: str = "ok", **other: Any) -> None:
    """Somebody was answered otherwise."""
    index = operation(world, what, outcome)
    world.history[index] = replace(world.history[index], **other)


def poison(world: World, topic: str, rule: str = "malformed") -> Record:
    """A record that nobody can read, listed as put there on purpose."""
    made = world.record(topic, b"broken", b"{")
    place = replace(
        world.history[0], kind="poison", topic=topic, partition=made.partition, offset=made.offset
    )
    world.history.append(replace(place, rule=rule))
    return made
