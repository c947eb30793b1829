"""Programmes, their published versions, and drafts. Columns only: the rules are in domain.py."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table


class Programme(Table, table=True):
    """Programme with its newest version; locking the row makes publications take turns."""

    id: str = Field(primary_key=True)
    version: int = 0
    published_on: date | None = None


class ProgrammeVersion(Table, table=True):
    """Complete definition, in force from its date. Append only."""

    __tablename__ = "programme_version"

    programme_id: str = Field(primary_key=True, foreign_key="programme.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    published_on: date
    definition: dict[str, Any] = Field(sa_type=JSONB)


class ProgrammeProposal(Table, table=True):
    """Draft for consultation of a programme that does not exist yet. Append only."""

    __tablename__ = "programme_proposal"

    id: UUID = Field(primary_key=True)
    programme_id: str = Field(index=True)
    proposed_on: date
    proposal: dict[str, Any] = Field(sa_type=JSONB)
