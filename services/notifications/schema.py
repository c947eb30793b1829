"""The schema `notifications`: what its tables have in common."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()
