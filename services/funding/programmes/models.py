"""Versions of programmes, as far as money is concerned. Columns only: the rules are in domain.py."""

from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.funding.schema import Table


class ProgrammeVersion(Table, table=True):
    """`terms`: domain.FundingTerms as JSON, in force from `holds_from` until the next version's date."""

    __tablename__ = "programme_version"

    programme_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    holds_from: date
    terms: dict[str, Any] = Field(sa_type=JSONB)
