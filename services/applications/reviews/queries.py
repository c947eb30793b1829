"""Reads of reviews; they change nothing."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.cases.models import Case
from services.applications.reviews.models import Review


async def by_case_in_round(session: AsyncSession, round_id: str) -> dict[UUID, list[Review]]:
    """Return all reviews of a round by case, in one query."""
    statement = select(Review).join(Case, col(Case.id) == Review.case_id).where(Case.round_id == round_id)
    reviews: dict[UUID, list[Review]] = defaultdict(list)
    for review in await session.scalars(statement):
        reviews[review.case_id].append(review)
    return reviews
