"""A case's tranches, as an officer sees them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.commitments.models import Commitment
from services.funding.tranches.domain import missing
from services.funding.tranches.models import Tranche
from shared.errors import NotFound
from shared.values.money import Funder


class Missing(BaseModel):
    """A condition that does not hold yet, and who can act."""

    ko: str
    en: str


class TrancheView(BaseModel):
    """One instalment; `missing` says what must come before it can be requested."""

    number: int
    status: str
    milestone: str
    due_on: date
    fiscal_year: int
    amounts_krw: dict[Funder, int]
    total_krw: int
    achieved_on: date | None
    requested_by: str | None
    approved_by: str | None
    instructed_by: str | None
    missing: list[Missing]


class CaseView(BaseModel):
    """A case's money: the agreed own share, and its tranches."""

    case_id: UUID
    programme_id: str
    total_krw: int
    public_krw: int
    self_krw: int
    self_confirmed_on: date | None
    abandoned_on: date | None
    tranches: list[TrancheView]


def view(commitment: Commitment, tranche: Tranche) -> TrancheView:
    lacking = [Missing(ko=ko, en=en) for ko, en in missing(commitment, tranche)]
    return TrancheView.model_validate(tranche.model_dump() | {"missing": lacking})


async def case(session: AsyncSession, case_id: UUID) -> CaseView:
    commitment = await session.get(Commitment, case_id)
    if commitment is None:
        raise NotFound(
            "case_unknown",
            ko=f"협약을 맺은 과제 {case_id}이(가) 없습니다. 과제 번호를 확인하세요.",
            en=f"No case {case_id} with an agreement. Check its id.",
        )
    found = await session.scalars(
        select(Tranche).where(col(Tranche.case_id) == case_id).order_by(col(Tranche.number))
    )
    tranches = [view(commitment, tranche) for tranche in found]
    return CaseView.model_validate(commitment.model_dump() | {"tranches": tranches})
