"""The running numbers of receipts. Columns only: the rules are in domain.py."""

from sqlmodel import Field

from services.applications.schema import Table


class ReceiptCounter(Table, table=True):
    """The last running number by prefix and year: programmes may share a prefix."""

    __tablename__ = "receipt_counter"

    prefix: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
