"""The base class of this service's tables; the database role's search path says whose they are."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from shared.values.money import Funder

PURSES = {str(funder): f"{funder}_krw" for funder in Funder}
"""The column that holds a funder's won, by funder."""


class Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
