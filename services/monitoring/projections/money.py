"""Rollup of money in won by fiscal year, funder and business date: allocated, booked, committed, paid, evidenced."""

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


class MoneyKind(StrEnum):
    """Kinds of money. past: of a recorded case, in its own year; evidenced: confirmed self-contribution."""

    ALLOCATED = "allocated"
    PAST = "past"
    COMMITTED = "committed"
    DISBURSED = "disbursed"
    EVIDENCED = "evidenced"


class MoneyRollup(Table, table=True):
    """Sums of won; `municipality` is empty where the event names none."""

    __tablename__ = "money_rollup"

    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    funder: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    amount_krw: Won


KeyedAmounts = Iterable[tuple[Key, int]]


def keyed_amounts(
    event: DecodedEvent, kind: MoneyKind, fiscal_year: int, amounts: Mapping[str, int], sign: int = 1
) -> KeyedAmounts:
    """Yield the rollup key and the amount (won) of each funder."""
    municipality = event.data.get("municipality") or ""
    for funder, amount in amounts.items():
        yield (
            (event.data["programme_id"], kind, fiscal_year, funder, municipality, event.occurred_on),
            sign * amount,
        )


def allocated(event: DecodedEvent) -> KeyedAmounts:
    data = event.data
    return keyed_amounts(
        event, MoneyKind.ALLOCATED, data["fiscal_year"], {data["funder"]: data["amount_krw"]}
    )


def booked(event: DecodedEvent) -> KeyedAmounts:
    return keyed_amounts(event, MoneyKind.PAST, event.data["fiscal_year"], event.data["amounts_krw"])


def committed(event: DecodedEvent) -> KeyedAmounts:
    for year in event.data["years"]:
        yield from keyed_amounts(event, MoneyKind.COMMITTED, year["fiscal_year"], year["amounts_krw"])


def released(event: DecodedEvent) -> KeyedAmounts:
    for year in event.data["years"]:
        yield from keyed_amounts(
            event, MoneyKind.COMMITTED, year["fiscal_year"], year["amounts_krw"], sign=-1
        )


def disbursed(event: DecodedEvent) -> KeyedAmounts:
    return keyed_amounts(event, MoneyKind.DISBURSED, event.data["fiscal_year"], event.data["amounts_krw"])


def evidenced(event: DecodedEvent) -> KeyedAmounts:
    return keyed_amounts(
        event, MoneyKind.EVIDENCED, event.data["fiscal_year"], {Funder.SELF: event.data["amount_krw"]}
    )


PROJECTION = SumProjection(
    name="money_rollup",
    table=MoneyRollup,
    amounts={
        BudgetAllocated: allocated,
        PastSpendingBooked: booked,
        FundsCommitted: committed,
        CommitmentReleased: released,
        TrancheDisbursed: disbursed,
        SelfContributionConfirmed: evidenced,
    },
)
