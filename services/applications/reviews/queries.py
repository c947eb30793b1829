"""What can be read about reviews. Reads change nothing."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.cases.models import Case
from services.applications.reviews.models import Review


async def of_round(session: AsyncSession, round_id: str) -> dict[UUID, list[Review]]:
    """All reviews of a round by case, in one read."""
    rows = select(Review).join(Case, col(Case.id) == Review.case_id).where(Case.round_id == round_id)
    found: dict[UUID, list[Review]] = defaultdict(list)
    for row in await session.scalars(rows):
        found[row.case_id].append(row)
    return found
