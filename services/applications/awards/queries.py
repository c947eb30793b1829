"""Reads of awards; they change nothing."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.applications.awards.models import Award
from shared.database.transaction import Transaction
from shared.events.applications import Ranking, RejectionCause

AWARDS_IN_ROUND = """
    select award.status, award.via, rank, score, ranking, predecessor_receipt_number, cause, findings, reason, decided_on,
        case_id, receipt_number, company_id, name_ko as company_name_ko, track
    from award join "case" on "case".id = case_id join company on company.id = company_id
    where award.round_id = $1
    order by quota_key, rank nulls last, receipt_number
"""


class AwardView(BaseModel):
    """Outcome of the selection for a case, with its grounds; `score` is an exact fraction.

    `reason`: the sentence of a case that was decided before its grounds were kept as facts.
    """

    model_config = ConfigDict(from_attributes=True)

    status: str
    via: str | None
    rank: int | None
    score: str | None
    ranking: Ranking | None
    predecessor_receipt_number: str | None
    cause: RejectionCause | None
    findings: list[str] | None
    reason: str | None
    decided_on: date


class AwardLine(AwardView):
    case_id: UUID
    receipt_number: str
    company_id: UUID
    company_name_ko: str
    track: str | None


async def award(transaction: Transaction, case_id: UUID) -> AwardView | None:
    row = await transaction.find(Award, case_id)
    return AwardView.model_validate(row) if row else None


async def list_in_round(transaction: Transaction, round_id: str) -> list[AwardLine]:
    """List all awards of a round by track and rank; unranked cases come last."""
    return [AwardLine.model_validate(row) for row in await transaction.fetch(AWARDS_IN_ROUND, round_id)]
