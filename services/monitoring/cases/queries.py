"""Query for a case in the live generation of the read models."""

from uuid import UUID

from services.monitoring.cases.domain import Case
from shared.database.transaction import Transaction
from shared.errors import PrerequisiteMissing

# A case without a company is a past result, or one whose application the projector has not folded.
CASE = "select * from live_case($1) where company_id is not null"


async def load(transaction: Transaction, case_id: UUID) -> Case:
    """Return the case, unlocked. Raises PrerequisiteMissing while its application has not been folded."""
    rows = await transaction.fetch(CASE, case_id)
    if not rows:
        raise PrerequisiteMissing(
            "case_not_known_yet",
            ko=f"과제 {case_id}의 신청을 아직 모릅니다. 과제 번호를 확인하고 잠시 뒤 다시 보내세요.",
            en=f"The application of case {case_id} is not known here yet. Check its id, and try again in a moment.",
        )
    return Case(**dict(rows[0].items()))
