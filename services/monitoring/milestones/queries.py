"""Query for the milestones of a case, as the API returns them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.monitoring.milestones.models import Milestone
from shared.database.transaction import Query, Transaction

OF_CASE = Query(
    select(Milestone)
    .where(col(Milestone.case_id) == bindparam("case_id"))
    .order_by(col(Milestone.due_on), col(Milestone.key))
)


class MilestoneView(BaseModel):
    milestone: str
    name_ko: str
    due_on: date
    completes: bool
    status: str
    reported_on: date | None
    achieved_on: date | None


class MilestonesView(BaseModel):
    case_id: UUID
    milestones: list[MilestoneView]


def view(milestone: Milestone) -> MilestoneView:
    return MilestoneView(milestone=milestone.key, **milestone.model_dump(exclude={"key"}))


async def milestones_of_case(transaction: Transaction, case_id: UUID) -> MilestonesView:
    """Return the milestones, soonest first; empty before the agreement."""
    milestones = await transaction.all(OF_CASE, case_id=case_id)
    return MilestonesView(case_id=case_id, milestones=[view(milestone) for milestone in milestones])
