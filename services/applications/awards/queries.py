"""What can be read about places. Reads change nothing."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.awards.models import Place
from services.applications.cases.models import Case
from services.applications.companies.models import Company


class PlaceView(BaseModel):
    """What the selection made of a case, and why; `score` is an exact fraction."""

    model_config = ConfigDict(from_attributes=True)

    status: str
    via: str | None
    rank: int | None
    score: str | None
    reason: str
    decided_on: date


class PlaceLine(PlaceView):
    case_id: UUID
    receipt_number: str
    company_id: UUID
    company_name_ko: str
    track: str | None


async def place(session: AsyncSession, case_id: UUID) -> PlaceView | None:
    row = await session.get(Place, case_id)
    return PlaceView.model_validate(row) if row else None


async def of_round(session: AsyncSession, round_id: str) -> list[PlaceLine]:
    """The whole list of a round by track and rank, those that were not ranked last."""
    rows = (
        select(Place, Case, Company)
        .join(Case, col(Case.id) == Place.case_id)
        .join(Company, col(Company.id) == Case.company_id)
        .where(Place.round_id == round_id)
        .order_by(col(Place.quota_key), col(Place.rank).nulls_last(), col(Case.receipt_number))
    )
    return [
        PlaceLine(
            **PlaceView.model_validate(place).model_dump(),
            case_id=case.id,
            receipt_number=case.receipt_number,
            company_id=company.id,
            company_name_ko=company.name_ko,
            track=case.track,
        )
        for place, case, company in await session.execute(rows)
    ]
