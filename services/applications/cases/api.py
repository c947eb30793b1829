"""HTTP API of cases: each request becomes a command."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.applications.cases import commands
from services.applications.cases.domain import Project
from services.applications.companies.domain import acting_for
from shared.events.definition import Code, TrackId
from shared.values.money import Krw
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(tags=["과제 / cases"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Applicant = Annotated[Actor, Depends(require_role("officer", "company"))]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class Apply(DatedCommand):
    round_id: Code
    company_id: UUID
    track: TrackId | None = None
    total_krw: Krw


class Withdraw(DatedCommand):
    reason: Reason


class Screen(DatedCommand):
    eligible: Annotated[bool, Field(strict=True)]
    reasons: Annotated[list[Reason], Field(max_length=20)] = []


class Submitted(BaseModel):
    case_id: UUID
    receipt_number: str


class CaseStatus(BaseModel):
    case_id: UUID
    status: str


@router.post("/applications", status_code=201, summary="사업을 신청한다 / Apply")
async def submit(body: Apply, transaction: RequestTransaction, actor: Applicant) -> Submitted:
    project = Project(track=body.track, total_krw=body.total_krw)
    case = await commands.submit(
        transaction,
        body.round_id,
        body.company_id,
        project,
        body.occurred_on,
        acting_for=acting_for(actor.id, actor.roles),
    )
    return Submitted(case_id=case.id, receipt_number=case.receipt_number)


@router.post("/cases/{case_id}/withdrawal", summary="신청을 취하한다 / Withdraw an application")
async def withdraw(
    case_id: UUID, body: Withdraw, transaction: RequestTransaction, actor: Applicant
) -> CaseStatus:
    case = await commands.withdraw(
        transaction, case_id, body.reason, body.occurred_on, acting_for(actor.id, actor.roles)
    )
    return CaseStatus(case_id=case.id, status=case.status)


@router.post("/cases/{case_id}/screening", summary="요건을 검토한다 / Screen an application")
async def screen(case_id: UUID, body: Screen, transaction: RequestTransaction, actor: Officer) -> CaseStatus:
    case = await commands.screen(transaction, case_id, body.eligible, body.reasons, body.occurred_on)
    return CaseStatus(case_id=case.id, status=case.status)
