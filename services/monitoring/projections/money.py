"""Money by fiscal year, funder and business date, in won: what was booked, committed, paid, evidenced."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.funding import (
    BudgetAllocated,
    CommitmentReleased,
    FundsCommitted,
    PastSpendingBooked,
    SelfContributionConfirmed,
    TrancheDisbursed,
)
from shared.projections.projection import DecodedEvent, Key, SumProjection
from shared.values.money import Funder, Won


class Kind(StrEnum):
    """past: from a recorded case, in its own year; evidenced: the company's own share, proven."""

    ALLOCATED = "allocated"
    PAST = "past"
    COMMITTED = "committed"
    DISBURSED = "disbursed"
    EVIDENCED = "evidenced"


class MoneyTile(Table, table=True):
    """`municipality` is empty where the event names none."""

    __tablename__ = "money_tile"

    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    funder: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    amount_krw: Won


Tiles = Iterable[tuple[Key, int]]


def tiles(
    fact: DecodedEvent, kind: Kind, fiscal_year: int, amounts: Mapping[str, int], sign: int = 1
) -> Tiles:
    """A tile for each funder's amount (won)."""
    municipality = fact.data.get("municipality") or ""
    for funder, amount in amounts.items():
        yield (
            (fact.data["programme_id"], kind, fiscal_year, funder, municipality, fact.occurred_on),
            sign * amount,
        )


def allocated(fact: DecodedEvent) -> Tiles:
    data = fact.data
    return tiles(fact, Kind.ALLOCATED, data["fiscal_year"], {data["funder"]: data["amount_krw"]})


def booked(fact: DecodedEvent) -> Tiles:
    return tiles(fact, Kind.PAST, fact.data["fiscal_year"], fact.data["amounts_krw"])


def committed(fact: DecodedEvent) -> Tiles:
    for year in fact.data["years"]:
        yield from tiles(fact, Kind.COMMITTED, year["fiscal_year"], year["amounts_krw"])


def released(fact: DecodedEvent) -> Tiles:
    for year in fact.data["years"]:
        yield from tiles(fact, Kind.COMMITTED, year["fiscal_year"], year["amounts_krw"], sign=-1)


def disbursed(fact: DecodedEvent) -> Tiles:
    return tiles(fact, Kind.DISBURSED, fact.data["fiscal_year"], fact.data["amounts_krw"])


def evidenced(fact: DecodedEvent) -> Tiles:
    return tiles(fact, Kind.EVIDENCED, fact.data["fiscal_year"], {Funder.SELF: fact.data["amount_krw"]})


PROJECTION = SumProjection(
    name="money_tile",
    table=MoneyTile,
    amounts={
        BudgetAllocated: allocated,
        PastSpendingBooked: booked,
        FundsCommitted: committed,
        CommitmentReleased: released,
        TrancheDisbursed: disbursed,
        SelfContributionConfirmed: evidenced,
    },
)
