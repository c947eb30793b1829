"""Each round (공고) of a programme: its window, its places, and when its year was agreed."""

from datetime import date

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.applications import RoundAgreed, RoundClosed, RoundOpened
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class RoundRow(Table, table=True):
    __tablename__ = "round_row"

    round_id: str = Field(primary_key=True)
    programme_id: str | None = Field(index=True)
    year: int | None
    name_ko: str | None
    opens_on: date | None
    closes_on: date | None
    quota: dict[str, int] | None = Field(sa_type=JSONB)
    opened_on: date | None
    closed_on: date | None
    agreed_on: date | None
    agency_ko: str | None


def key(fact: DecodedEvent) -> Key:
    return (fact.data["round_id"],)


def opened(row: State, fact: DecodedEvent) -> State:
    given = ("programme_id", "year", "name_ko", "opens_on", "closes_on", "quota")
    return row | {name: fact.data[name] for name in given} | {"opened_on": fact.occurred_on}


def closed(row: State, fact: DecodedEvent) -> State:
    return row | {"closed_on": fact.occurred_on}


def agreed(row: State, fact: DecodedEvent) -> State:
    """The year may be agreed with the agency before its call opens."""
    given = ("programme_id", "year", "agency_ko")
    return row | {name: fact.data[name] for name in given} | {"agreed_on": fact.occurred_on}


PROJECTION = RowProjection(
    name="round_row",
    table=RoundRow,
    key=key,
    folds={RoundOpened: opened, RoundClosed: closed, RoundAgreed: agreed},
)
