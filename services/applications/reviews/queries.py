"""Reads of reviews; they change nothing."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.cases.models import Case
from services.applications.reviews.models import Review
from shared.database.transaction import Query, Transaction

IN_ROUND = Query(
    select(Review)
    .join(Case, col(Case.id) == col(Review.case_id))
    .where(col(Case.round_id) == bindparam("round_id"))
)


async def by_case_in_round(transaction: Transaction, round_id: str) -> dict[UUID, list[Review]]:
    """Return all reviews of a round by case, in one query."""
    reviews: dict[UUID, list[Review]] = defaultdict(list)
    for review in await transaction.all(IN_ROUND, round_id=round_id):
        reviews[review.case_id].append(review)
    return reviews
