"""Reads of cases; they change nothing."""

from uuid import UUID

from services.applications.cases.models import Screening
from shared.database.transaction import Transaction
from shared.errors import NotFound


async def screening_reasons(transaction: Transaction, case_id: UUID) -> list[str]:
    """Return the reasons for which the screening found the application ineligible."""
    row = await transaction.find(Screening, case_id)
    return row.reasons if row else []


def not_found(case_id: UUID) -> NotFound:
    return NotFound(
        "case_unknown",
        ko=f"과제 {case_id}이(가) 없습니다. 과제 번호를 확인하세요.",
        en=f"There is no case {case_id}. Check its id.",
    )
