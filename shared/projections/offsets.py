"""Offsets of the projector: in the database beside the rows, moved by a fence, one set per generation."""

from collections.abc import Sequence

from aiokafka import TopicPartition
from sqlalchemy import BigInteger
from sqlmodel import Field

from shared.database.engine import Database
from shared.database.tables import SharedTable
from shared.database.transaction import Connection
from shared.projections.generations import Generation, live_generation

Offsets = dict[TopicPartition, int]
"""The offset of the next record to fold, by partition."""

ADVANCE_OFFSETS = """
    update projection_offset o set next = moved.next
    from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as moved (topic, partition, expected, next)
    where o.topic = moved.topic and o.partition = moved.partition and o.next = moved.expected
      and exists (select from live_projection where generation = $5)
    returning 1
"""
CREATE_OFFSETS = """
    insert into projection_offset (topic, partition, next)
    select u.*, 0 from unnest($1::text[], $2::int[]) as u on conflict do nothing
"""
CLAIM_VERSION = """
    update live_projection set version = $1
    where version is distinct from $1 and not exists (select from projection_offset where next > 0)
"""


class ProjectionOffset(SharedTable, table=True):
    """The offset of the next record to fold, by partition."""

    __tablename__ = "projection_offset"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next: int = Field(sa_type=BigInteger)


class Fenced(Exception):
    """The offsets are not where we left them: the partition was reassigned, or another generation went live."""


class FoldsVersionMismatch(Exception):
    """The live projections were made by another version of the folds than this process has."""

    def __init__(self, live: int | None, own: int) -> None:
        super().__init__(
            f"현황 투영의 판이 다릅니다(운영 {live}, 이 프로세스 {own}). rebuild --switch를 먼저 실행하세요 "
            f"/ the live projections have version {live}, this process has {own}: run rebuild --switch first"
        )


async def fence_offsets(
    connection: Connection, generation: int, expected: Offsets, following: Offsets
) -> None:
    """Fence: move the partitions of `following` from the expected offsets. Raises Fenced where one cannot be moved."""
    partitions = sorted(following)
    moved = await connection.fetch(
        ADVANCE_OFFSETS,
        [at.topic for at in partitions],
        [at.partition for at in partitions],
        [expected[at] for at in partitions],
        [following[at] for at in partitions],
        generation,
    )
    if len(moved) != len(partitions):
        raise Fenced


async def load(
    database: Database, partitions: Sequence[TopicPartition], version: int
) -> tuple[Generation, Offsets]:
    """Return the live generation and its offsets, new partitions at 0. Raises FoldsVersionMismatch where its folds are others."""
    async with database.batch_transaction() as connection:
        live = await live_generation(connection)
    async with database.batch_transaction(live.search_path) as connection:
        await connection.execute(CLAIM_VERSION, version)
        live = await live_generation(connection)
        if live.version != version:
            raise FoldsVersionMismatch(live.version, version)
        topics, numbers = [at.topic for at in partitions], [at.partition for at in partitions]
        await connection.execute(CREATE_OFFSETS, topics, numbers)
        rows = await connection.fetch("select topic, partition, next from projection_offset")
    return live, {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
