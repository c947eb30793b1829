"""Stored rows and metrics that the tests of messaging read back."""

from typing import Any

from prometheus_client import REGISTRY

from shared.database.engine import Database
from shared.messaging.outbox import count_and_oldest_age


def sample(name: str, **labels: str) -> float:
    """Return a metric of the service `funding`, or of the one in `labels`; 0 before its first sample."""
    return REGISTRY.get_sample_value(name, {"service": "funding"} | labels) or 0


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as transaction:
        return [tuple(row) for row in await transaction.fetch(statement)]


async def offsets(database: Database, table: str) -> list[int]:
    """Return the offsets of the records in `parked` or `dead_letter`."""
    return [row[0] for row in await rows(database, f'select "offset" from {table} order by 1')]


async def pending_in(database: Database) -> int:
    """Return how many events of the service wait in its outbox."""
    async with database.transaction() as transaction:
        return (await count_and_oldest_age(transaction))[0]
