"""What can be asked about receipt numbers: the next one. The caller commits."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.applications.receipts import domain
from services.applications.receipts.models import ReceiptCounter


async def draw(session: AsyncSession, programme_id: str, year: int) -> str:
    """The next number of the programme's prefix in that year; others wait for this transaction to end."""
    first = insert(ReceiptCounter).values(prefix=domain.prefix(programme_id), year=year, last=1)
    counted = first.on_conflict_do_update(
        index_elements=["prefix", "year"], set_={"last": ReceiptCounter.last + 1}
    )
    running = await session.scalar(counted.returning(col(ReceiptCounter.last)))
    assert running is not None
    return domain.number(programme_id, year, running)
