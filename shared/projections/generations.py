"""Generations of projections: which set of projection tables readers see, and which version of the folds made it.

Each generation has tables, watermarks and offsets of its own: those of generation 0 stand in the service's schema, those
of a later one in a schema beside it (`monitoring_g3`). The row of `live_projection` names the generation that readers
see; they read it in their own snapshot (`Database.snapshot`), so a switch is one row's update: a reader that began
before sees the old generation to its end, one that begins after sees the new one, and neither ever sees none.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import JSON, BigInteger, DateTime, func
from sqlmodel import Field

from shared.database.tables import SharedTable
from shared.database.transaction import Connection


class LiveProjection(SharedTable, table=True):
    """The one row that names the live generation; `version` is that of the folds which made it, null before the first."""

    __tablename__ = "live_projection"

    singleton: bool = Field(primary_key=True)
    generation: int = Field(sa_type=BigInteger)
    version: int | None
    search_path: str
    switched_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class RebuildComparison(SharedTable, table=True):
    """Outcome of one comparison of the live generation with a rebuilt one; `differing` counts cells by table."""

    __tablename__ = "rebuild_verdict"

    judged_at: datetime = Field(
        primary_key=True,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.clock_timestamp()},
    )
    generation: int = Field(sa_type=BigInteger)
    live_version: int | None
    records: int = Field(sa_type=BigInteger)
    dead_letters: int = Field(sa_type=BigInteger)
    equal: bool
    differing: dict[str, int] = Field(sa_type=JSON)


class Generation(NamedTuple):
    """The live generation as its row states it."""

    number: int
    version: int | None
    search_path: str


async def live_generation(connection: Connection) -> Generation:
    """Return the live generation of the connection's service. Raises LookupError where the migrations' row is missing."""
    rows = await connection.fetch("select generation, version, search_path from live_projection")
    if not rows:
        raise LookupError("the row of live_projection is missing: the migrations create it")
    return Generation(*rows[0])


def generation_schema(service: str, generation: int) -> str:
    """Return the schema that holds the generation's tables."""
    return f"{service}_g{generation}" if generation else service
