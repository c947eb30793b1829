"""Company rows as registered; never a person, never a contact."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.applications import CompanyClosed, CompanyRegistered
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class CompanyRow(Table, table=True):
    """One company; `state` is the registry's newest report: suspended or closed; null where there is none."""

    __tablename__ = "company_row"

    company_id: UUID = Field(primary_key=True)
    business_number: str | None
    name_ko: str | None
    municipality: str | None
    registered_on: date | None
    state: str | None
    state_on: date | None


def key(event: DecodedEvent) -> Key:
    return (event.data["company_id"],)


def registered(row: State, event: DecodedEvent) -> State:
    copied = {name: event.data[name] for name in ("business_number", "name_ko", "municipality")}
    return row | copied | {"registered_on": event.occurred_on}


def closed(row: State, event: DecodedEvent) -> State:
    return row | {"state": event.data["state"], "state_on": event.occurred_on}


PROJECTION = RowProjection(
    name="company_row",
    table=CompanyRow,
    key=key,
    folds={CompanyRegistered: registered, CompanyClosed: closed},
)
