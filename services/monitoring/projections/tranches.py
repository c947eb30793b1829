"""Tranche rows: money by funder and every step with its date, so that the state of any business date can be read."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import FUNDER_COLUMNS, Table
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

WAITING = "state in ('requested', 'approved', 'unconfirmed')"  # the index of the work list


class TrancheRow(Table, table=True):
    """One tranche; `state` is the newest; `steps` are all, oldest first: {state, on, at, by}. Money is won."""

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


def key(event: DecodedEvent) -> Key:
    return event.data["case_id"], event.data["number"]


def add_step(row: State, event: DecodedEvent) -> State:
    """Append the event's step and set the state that its type names."""
    data, amounts, (state, by) = event.data, event.data["amounts_krw"], state_and_actor_field(event.type)
    step = {"state": state, "on": event.occurred_on, "at": event.recorded_at, "by": data.get(by)}
    return row | {
        "programme_id": data["programme_id"],
        "fiscal_year": data["fiscal_year"],
        "due_on": data["due_on"],
        **{FUNDER_COLUMNS[funder]: amounts.get(funder, 0) for funder in PUBLIC},
        "total_krw": sum(amounts.values()),
        "state": state,
        "steps": [*(row["steps"] or ()), step],
    }


@cache
def state_and_actor_field(type: str) -> tuple[str, str]:
    """Return the state that an event type names, and the field of its body with the person who took the step."""
    state = type.split(".")[3]
    return state, f"{state}_by"


def scheduled(row: State, event: DecodedEvent) -> State:
    return add_step(row, event) | {"milestone": event.data["milestone"]}


STEP_EVENTS = (
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
    folds={TrancheScheduled: scheduled} | dict.fromkeys(STEP_EVENTS, add_step),
)
