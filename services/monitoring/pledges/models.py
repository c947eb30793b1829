"""Stated progress of each pledge by day."""

from datetime import date

from sqlmodel import Field

from services.monitoring.schema import Table


class Progress(Table, table=True):
    __tablename__ = "pledge_progress"

    pledge_id: str = Field(primary_key=True)
    reported_on: date = Field(primary_key=True)
    programme_id: str
    percent: int
    reported_by_ko: str
