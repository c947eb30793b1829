"""Reads of awards; they change nothing."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.awards.models import Award
from services.applications.cases.models import Case
from services.applications.companies.models import Company
from shared.events.applications import Ranking, RejectionCause


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


async def award(session: AsyncSession, case_id: UUID) -> AwardView | None:
    row = await session.get(Award, case_id)
    return AwardView.model_validate(row) if row else None


async def list_in_round(session: AsyncSession, round_id: str) -> list[AwardLine]:
    """List all awards of a round by track and rank; unranked cases come last."""
    statement = (
        select(Award, Case, Company)
        .join(Case, col(Case.id) == Award.case_id)
        .join(Company, col(Company.id) == Case.company_id)
        .where(Award.round_id == round_id)
        .order_by(col(Award.quota_key), col(Award.rank).nulls_last(), col(Case.receipt_number))
    )
    return [
        AwardLine(
            **AwardView.model_validate(award).model_dump(),
            case_id=case.id,
            receipt_number=case.receipt_number,
            company_id=company.id,
            company_name_ko=company.name_ko,
            track=case.track,
        )
        for award, case, company in await session.execute(statement)
    ]
