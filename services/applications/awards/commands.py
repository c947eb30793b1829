"""Use cases of awards: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.awards import domain
from services.applications.awards.models import Award, Outcome
from services.applications.cases.models import Case
from services.applications.companies.models import Company, State
from shared.database.transaction import Query, Transaction
from shared.messaging.outbox import emit

COUNT_SELECTED = "select count(*) from award where round_id = $1 and status = 'selected'"

NEXT_IN_RESERVE = Query(
    select(Award)
    .join(Case, col(Case.id) == col(Award.case_id))
    .join(Company, col(Company.id) == col(Case.company_id))
    .where(
        col(Award.round_id) == bindparam("round_id"),
        col(Award.quota_key) == bindparam("quota_key"),
        col(Award.status) == Outcome.RESERVED,
        col(Company.state) == State.OPEN,
    )
    .order_by(col(Award.rank))
    .limit(1)
    .with_for_update(of=Award)
)


async def count_selected(transaction: Transaction, round_id: str) -> int:
    return int(await transaction.value(COUNT_SELECTED, round_id))


async def promote_next(
    transaction: Transaction, relinquished: Award, predecessor: Case, on: date
) -> UUID | None:
    """Promote the next open company on the waiting list of the same track; return its case id, None without one.

    Its row is locked: a concurrent promotion waits, finds it selected, and takes the following one.
    """
    award = await transaction.first(
        NEXT_IN_RESERVE, round_id=relinquished.round_id, quota_key=relinquished.quota_key
    )
    if award is None:
        return None
    case = await transaction.find(Case, award.case_id)
    assert case is not None
    selected = domain.promote_from_waiting_list(award, case, predecessor, on)
    await transaction.update(award)
    await emit(transaction, selected)
    return award.case_id
