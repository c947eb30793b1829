"""How an event gets there, and counts once; each service has its own copy of these tables."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class SharedTable(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
