"""Mentor assignments by case, and visits. A mentor is an opaque id, never a name."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table


class Assignment(Table, table=True):
    __tablename__ = "mentor_assignment"

    case_id: UUID = Field(primary_key=True)
    mentor_id: str = Field(primary_key=True)
    weeks: int
    assigned_on: date


class Visit(Table, table=True):
    """One visit for each mentor, case and day."""

    __tablename__ = "mentor_visit"

    case_id: UUID = Field(primary_key=True)
    mentor_id: str = Field(primary_key=True)
    visited_on: date = Field(primary_key=True)
    work: str
