"""Each company as it is registered; never a person, never a contact."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.applications import CompanyClosed, CompanyRegistered
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class CompanyRow(Table, table=True):
    """`state` is what the registry said last: suspended or closed; null while nothing was said."""

    __tablename__ = "company_row"

    company_id: UUID = Field(primary_key=True)
    business_number: str | None
    name_ko: str | None
    municipality: str | None
    registered_on: date | None
    state: str | None
    state_on: date | None


def key(fact: DecodedEvent) -> Key:
    return (fact.data["company_id"],)


def registered(row: State, fact: DecodedEvent) -> State:
    given = ("business_number", "name_ko", "municipality")
    return row | {name: fact.data[name] for name in given} | {"registered_on": fact.occurred_on}


def closed(row: State, fact: DecodedEvent) -> State:
    return row | {"state": fact.data["state"], "state_on": fact.occurred_on}


PROJECTION = RowProjection(
    name="company_row",
    table=CompanyRow,
    key=key,
    folds={CompanyRegistered: registered, CompanyClosed: closed},
)
