"""Base class of the tables that every service's schema has: messaging, projections, idempotency keys."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class SharedTable(SQLModel):
    """A table of which each service's schema has its own copy; its metadata is compared with the migrations."""

    metadata: ClassVar[MetaData] = MetaData()
