"""Each tranche: its money by funder, and every step with its date, so that each date knows its state."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import PURSES, Table
from shared.events.funding import (
    TrancheApproved,
    TrancheDisbursed,
    TrancheFailed,
    TrancheHeld,
    TrancheInstructed,
    TrancheReady,
    TrancheRejected,
    TrancheRequested,
    TrancheScheduled,
    TrancheUnconfirmed,
)
from shared.projections.projection import DecodedEvent, Key, RowProjection, State
from shared.values.money import PUBLIC

WAITING = "state in ('requested', 'approved', 'unconfirmed')"  # for somebody: the index of the work list


class TrancheRow(Table, table=True):
    """`state` is the newest; `steps` are all, oldest first: {state, on, at, by}. Money is won."""

    __tablename__ = "tranche_row"
    __table_args__ = (Index("tranche_row_waiting", "state", postgresql_where=text(WAITING)),)

    case_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    programme_id: str | None
    fiscal_year: int | None
    due_on: date | None
    national_krw: int | None = Field(sa_type=BigInteger)
    province_krw: int | None = Field(sa_type=BigInteger)
    city_krw: int | None = Field(sa_type=BigInteger)
    total_krw: int | None = Field(sa_type=BigInteger)
    milestone: str | None
    state: str | None
    steps: list[dict[str, Any]] | None = Field(sa_type=JSONB)


def key(fact: DecodedEvent) -> Key:
    return fact.data["case_id"], fact.data["number"]


def stepped(row: State, fact: DecodedEvent) -> State:
    """Any step: the state is the event's own word."""
    data, amounts, (state, by) = fact.data, fact.data["amounts_krw"], words(fact.type)
    step = {"state": state, "on": fact.occurred_on, "at": fact.recorded_at, "by": data.get(by)}
    return row | {
        "programme_id": data["programme_id"],
        "fiscal_year": data["fiscal_year"],
        "due_on": data["due_on"],
        **{PURSES[funder]: amounts.get(funder, 0) for funder in PUBLIC},
        "total_krw": sum(amounts.values()),
        "state": state,
        "steps": [*(row["steps"] or ()), step],
    }


@cache
def words(type: str) -> tuple[str, str]:
    """Of an event's type: the state that it says, and where its body says who did it."""
    state = type.split(".")[3]
    return state, f"{state}_by"


def scheduled(row: State, fact: DecodedEvent) -> State:
    return stepped(row, fact) | {"milestone": fact.data["milestone"]}


STEPS = (
    TrancheReady,
    TrancheRequested,
    TrancheApproved,
    TrancheRejected,
    TrancheInstructed,
    TrancheDisbursed,
    TrancheFailed,
    TrancheUnconfirmed,
    TrancheHeld,
)

PROJECTION = RowProjection(
    name="tranche_row",
    table=TrancheRow,
    key=key,
    folds={TrancheScheduled: scheduled} | dict.fromkeys(STEPS, stepped),
)
