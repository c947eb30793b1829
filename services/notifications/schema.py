"""The schema `notifications`: base class of its tables."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
