"""Columns of tables that store Kafka records with their original bytes: parked records and dead letters."""

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from shared.database.tables import SharedTable
from shared.messaging.kafka import Record


class RecordKey(SharedTable):
    """Primary key of a row that belongs to one Kafka record: topic, partition and offset."""

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    offset: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class StoredRecord(RecordKey):
    """A Kafka record with its original bytes; header values are stored in hex, because they may be any bytes."""

    key: bytes | None
    value: bytes | None
    headers: list[list[str | None]] = Field(sa_type=JSON)


def hex_headers(record: Record) -> list[list[str | None]]:
    """Return the record's headers as [name, value in hex or None]."""
    return [[name, None if value is None else value.hex()] for name, value in record.headers]
