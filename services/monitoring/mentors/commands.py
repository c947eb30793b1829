"""Commands that assign mentors and record their visits."""

from datetime import date
from uuid import UUID

from services.monitoring.cases import queries as cases
from services.monitoring.cases.domain import Case, require_award
from services.monitoring.mentors import domain
from services.monitoring.mentors.models import Assignment, Visit
from shared.database.transaction import Transaction
from shared.messaging.outbox import emit

LOCK_CASE = "select pg_advisory_xact_lock(hashtextextended($1, 0))"


async def assign(transaction: Transaction, case_id: UUID, mentor_id: str, weeks: int, on: date) -> None:
    case = await load_awarded(transaction, case_id, on)
    existing = await transaction.find(Assignment, case_id, mentor_id)
    assignment, event = domain.assign(case, existing, mentor_id, weeks, on)
    await transaction.insert(assignment)
    await emit(transaction, event)


async def visit(transaction: Transaction, case_id: UUID, mentor_id: str, work: str, on: date) -> None:
    case = await load_awarded(transaction, case_id, on)
    assignment = await transaction.find(Assignment, case_id, mentor_id)
    existing = await transaction.find(Visit, case_id, mentor_id, on)
    row, event = domain.visit(case, assignment, existing, mentor_id=mentor_id, work=work, on=on)
    await transaction.insert(row)
    await emit(transaction, event)


async def load_awarded(transaction: Transaction, case_id: UUID, on: date) -> Case:
    """Return the case, its mentors locked until the commit: assignments and visits are decided one after the other.

    Raises PrerequisiteMissing, RuleBroken (no award on the day).
    """
    await transaction.fetch(LOCK_CASE, f"monitoring.mentors.{case_id}")
    case = await cases.load(transaction, case_id)
    require_award(case, on)
    return case
