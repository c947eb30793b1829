"""Counters of reference numbers. Columns only: the rules are in domain.py."""

from sqlmodel import Field

from services.applications.schema import Table


class ReferenceNumberCounter(Table, table=True):
    """Last running number by prefix and year: programmes may share a prefix."""

    __tablename__ = "reference_number_counter"

    prefix: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
