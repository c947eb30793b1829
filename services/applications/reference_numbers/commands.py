"""Issuing of reference numbers. The caller commits."""

from services.applications.reference_numbers import domain
from services.applications.reference_numbers.models import ReferenceNumberCounter
from shared.database.transaction import Transaction

NEXT_NUMBER = f"""
    insert into {ReferenceNumberCounter.__tablename__} as counter (prefix, year, last) values ($1, $2, 1)
    on conflict (prefix, year) do update set last = counter.last + 1 returning last
"""


async def issue(transaction: Transaction, programme_id: str, year: int) -> str:
    """Issue the next number of the programme's prefix and year; concurrent callers wait for this transaction."""
    running = await transaction.value(NEXT_NUMBER, domain.prefix(programme_id), year)
    return domain.reference_number(programme_id, year, running)
