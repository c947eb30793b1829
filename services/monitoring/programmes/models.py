"""Copies of programme definitions, each version from the day on which it holds."""

from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table


class DefinitionCopy(Table, table=True):
    __tablename__ = "definition"

    programme_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    holds_from: date
    definition: dict[str, Any] = Field(sa_type=JSONB)
