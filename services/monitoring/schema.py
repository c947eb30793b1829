"""Base class of this service's tables; the database role's search path gives their schema."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from shared.values.money import Funder

FUNDER_COLUMNS = {str(funder): f"{funder}_krw" for funder in Funder}
"""The column with a funder's amount (won), by funder."""


class Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
