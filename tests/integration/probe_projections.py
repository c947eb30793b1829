"""Probe projections, one of each kind, on tables that are created for the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import BigInteger, MetaData, Uuid
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel

from shared.events.applications import AgreementSigned, CompanySelected
from shared.events.funding import PastSpendingBooked
from shared.projections.projection import (
    DecodedEvent,
    ListProjection,
    Projection,
    RowProjection,
    State,
    SumProjection,
)
from tests.databases import owner_url


class Table(SQLModel):
    """Base of the probe tables."""

    metadata = MetaData()


class ProbeCase(Table, table=True):
    """State of a case, from two topics."""

    __tablename__ = "probe_case"

    case_id: str = Field(sa_type=Uuid, primary_key=True)
    rank: int | None = None
    agreed_krw: int | None = Field(default=None, sa_type=BigInteger)
    booked: int | None = None


class ProbeRollup(Table, table=True):
    """Sums by programme and funder."""

    __tablename__ = "probe_rollup"

    programme_id: str = Field(primary_key=True)
    funder: str = Field(primary_key=True)
    amount_krw: int = Field(sa_type=BigInteger)


class ProbeLine(Table, table=True):
    """One row per event."""

    __tablename__ = "probe_line"

    id: str = Field(sa_type=Uuid, primary_key=True)
    type: str


def selected(state: State, event: DecodedEvent) -> State:
    return state | {"rank": event.data["rank"]}


def agreed(state: State, event: DecodedEvent) -> State:
    return state | {"agreed_krw": event.data["total_krw"]}


def booked(state: State, event: DecodedEvent) -> State:
    return state | {"booked": (state["booked"] or 0) + 1}


def shares(event: DecodedEvent) -> list[tuple[tuple[str, str], int]]:
    return [((event.data["programme_id"], funder), krw) for funder, krw in event.data["shares_krw"].items()]


def line(event: DecodedEvent) -> list[dict[str, Any]]:
    return [{"id": event.id, "type": event.type}]


CASES = RowProjection(
    "probe_case",
    ProbeCase,
    key=lambda event: (event.data["case_id"],),
    folds={CompanySelected: selected, AgreementSigned: agreed, PastSpendingBooked: booked},
    columns_by_topic={"ieum.funding": ("booked",)},
)
SUMS = SumProjection("probe_rollup", ProbeRollup, amounts={AgreementSigned: shares})
LINES = ListProjection(
    "probe_line", ProbeLine, rows=dict.fromkeys((CompanySelected, AgreementSigned, PastSpendingBooked), line)
)
PROJECTIONS: list[Projection] = [CASES, SUMS, LINES]


@asynccontextmanager
async def probe_tables() -> AsyncIterator[None]:
    """Create the probe tables as the owner of the schema, and drop them at the end."""
    engine = create_async_engine(make_url(owner_url("monitoring")).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    yield
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.drop_all)
    await engine.dispose()
