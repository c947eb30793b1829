"""Versions of programme definitions, and proposals, each from the day on which it holds."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.applications import ProgrammeProposed, ProgrammePublished
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class ProgrammeVersion(Table, table=True):
    """One version or proposal; `version` is null for a proposal; `sequence` is the event's number in its programme."""

    __tablename__ = "programme_version"

    programme_id: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    version: int | None
    holds_from: date | None
    definition: dict[str, Any] | None = Field(sa_type=JSONB)
    proposal: dict[str, Any] | None = Field(sa_type=JSONB)


def key(event: DecodedEvent) -> Key:
    return event.data["programme_id"], event.sequence


def published(row: State, event: DecodedEvent) -> State:
    data = event.data
    return row | {
        "version": data["version"],
        "holds_from": event.occurred_on,
        "definition": data["definition"],
    }


def proposed(row: State, event: DecodedEvent) -> State:
    return row | {"holds_from": event.occurred_on, "proposal": event.data["proposal"]}


PROJECTION = RowProjection(
    name="programme_version",
    table=ProgrammeVersion,
    key=key,
    folds={ProgrammePublished: published, ProgrammeProposed: proposed},
)
