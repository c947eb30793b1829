"""HTTP API: mentors of a case and their visits."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.monitoring.mentors import commands
from shared.events.monitoring import MAX_MENTOR_WEEKS
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/cases/{case_id}", tags=["mentors"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
MentorId = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9-]+$")]


class Assign(DatedCommand):
    """Assignment of a mentor; `mentor_id` is an opaque id, never a name."""

    mentor_id: MentorId
    weeks: Annotated[int, Field(ge=1, le=MAX_MENTOR_WEEKS, strict=True)]


class RecordVisit(DatedCommand):
    mentor_id: MentorId
    work: Annotated[str, Field(min_length=1, max_length=200)]


class Recorded(BaseModel):
    case_id: UUID
    mentor_id: str
    occurred_on: date


@router.post("/mentors", status_code=201, summary="멘토 배정(최대 8주) / assign a mentor")
async def assign(case_id: UUID, body: Assign, transaction: RequestTransaction, actor: Officer) -> Recorded:
    await commands.assign(transaction, case_id, body.mentor_id, body.weeks, body.occurred_on)
    return Recorded(case_id=case_id, mentor_id=body.mentor_id, occurred_on=body.occurred_on)


@router.post("/visits", status_code=201, summary="멘토 방문 기록 / record a mentor's visit")
async def visit(
    case_id: UUID, body: RecordVisit, transaction: RequestTransaction, actor: Officer
) -> Recorded:
    await commands.visit(transaction, case_id, body.mentor_id, body.work, body.occurred_on)
    return Recorded(case_id=case_id, mentor_id=body.mentor_id, occurred_on=body.occurred_on)
