"""Use cases of reviews: load, decide, save, emit. The caller commits."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from services.applications.cases import commands as cases
from services.applications.programmes import queries as programmes
from services.applications.reviews import domain
from services.applications.reviews.models import Review
from shared.database.transaction import Transaction
from shared.messaging.outbox import emit


async def submit(
    transaction: Transaction,
    case_id: UUID,
    reviewer_id: str,
    scores: Mapping[str, int],
    *,
    conflict_of_interest: bool,
    on: date,
) -> None:
    case = await cases.load(transaction, case_id)
    domain.refuse_second_review(await transaction.find(Review, case_id, reviewer_id))
    definition = await programmes.definition(transaction, case.programme_id, case.version)
    review, submitted = domain.submit(
        case, definition.review, reviewer_id, scores, conflict_of_interest=conflict_of_interest, on=on
    )
    await transaction.insert(review)
    await emit(transaction, submitted)
