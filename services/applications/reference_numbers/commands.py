"""What can be asked about receipt numbers: the next one. The caller commits."""

from services.applications.reference_numbers import domain
from services.applications.reference_numbers.models import ReceiptCounter
from shared.database.engine import Executor, fetch_raw

DRAW = f"""
    insert into {ReceiptCounter.__tablename__} as counter (prefix, year, last) values ($1, $2, 1)
    on conflict (prefix, year) do update set last = counter.last + 1 returning last
"""


async def draw(session: Executor, programme_id: str, year: int) -> str:
    """The next number of the programme's prefix in that year; others wait for this transaction to end."""
    [(running,)] = await fetch_raw(session, DRAW, domain.prefix(programme_id), year)
    return domain.number(programme_id, year, running)
