"""The base class of this service's tables; the database role's search path says whose they are."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
