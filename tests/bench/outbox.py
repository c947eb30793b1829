"""An outbox filled beforehand: realistic rows through the real tables, as `emit` would have written them."""

from collections.abc import Sequence
from itertools import islice

import orjson

from shared.database.engine import Connection, Database
from shared.messaging.outbox import shard_of
from tests.bench.lives import Made, lives
from tests.bench.waiting import until

TOPIC = "ieum.applications"
CHUNK = 10_000
LOG = """
    insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
    select id::uuid, $1, subject, sequence::bigint, type, occurred_on::date, attributes::json, data
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
         with ordinality as u (id, subject, sequence, type, occurred_on, attributes, data, n)
    order by n returning position
"""
POINT = "insert into outbox (position, shard) select * from unnest($1::bigint[], $2::smallint[])"


def events(number: int) -> list[Made]:
    """So many of one service: a log numbers its own subjects."""
    return list(islice((one for one in lives(10**9) if one.topic == TOPIC), number))


async def fill(database: Database, topic: str, made: Sequence[Made]) -> None:
    """In one transaction, to be published to `topic`."""
    async with database.asyncpg_transaction() as connection:
        for first in range(0, len(made), CHUNK):
            await insert(connection, topic, made[first : first + CHUNK])


async def until_empty(database: Database) -> None:
    async def empty() -> bool:
        async with database.asyncpg_transaction() as connection:
            return not await connection.fetchval("select exists(select from outbox)")

    await until(empty, pause=0.05)  # asking reads what the deleted rows left: more often, it slows the relay


async def insert(connection: Connection, topic: str, made: Sequence[Made]) -> None:
    columns = [list(column) for column in zip(*map(row, made), strict=True)]
    positions = [found["position"] for found in await connection.fetch(LOG, topic, *columns)]
    await connection.execute(POINT, positions, [shard_of(one.key.decode()) for one in made])


def row(one: Made) -> tuple[str, ...]:
    said = attributes(one)
    sequence, data = said.pop("sequence"), one.value.decode()
    kept = (one.key.decode(), sequence, said["type"], orjson.loads(data)["occurred_on"])
    return (said["id"], *kept, orjson.dumps(said).decode(), data)


def attributes(one: Made) -> dict[str, str]:
    return {name.removeprefix("ce_"): text.decode() for name, text in one.headers if name.startswith("ce_")}
