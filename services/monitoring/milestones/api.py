"""HTTP API: reports, achievements and deadlines of milestones, and the milestones of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.monitoring.milestones import commands, queries
from services.monitoring.milestones.queries import MilestonesView, MilestoneView
from shared.errors import Forbidden
from shared.web.http import DatedCommand, DeadlineRun, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(tags=["milestones"])

Readers = Annotated[Actor, Depends(require_role("officer", "operator", "auditor"))]


class Evidence(DatedCommand):
    """Evidence of a milestone: a reference to a document, never the document."""

    evidence: Annotated[str, Field(min_length=1, max_length=200)]


class AnnouncedDeadlines(BaseModel):
    """Number of deadlines that this run announced."""

    due_soon: int
    missed: int


@router.post("/cases/{case_id}/milestones/{key}/report", summary="이정표 보고 / hand in a milestone's report")
async def report(
    case_id: UUID,
    key: str,
    body: Evidence,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("officer", "company"))],
) -> MilestoneView:
    """Report a milestone: an officer for any case, a company for its own (its token's subject is its id)."""
    company = None if actor.has("officer") else company_of(actor)
    milestone = await commands.report(
        transaction, case_id, key, body.evidence, on=body.occurred_on, company=company
    )
    return queries.view(milestone)


def company_of(actor: Actor) -> UUID:
    try:
        return UUID(actor.id)
    except ValueError:
        raise Forbidden(
            "company_token",
            ko="기업 토큰이 아닙니다. 기업 계정으로 다시 로그인하세요.",
            en="The token's subject is no company. Log in with the company's account.",
        ) from None


@router.post("/cases/{case_id}/milestones/{key}/achievement", summary="이정표 달성 / a milestone is achieved")
async def achieve(
    case_id: UUID,
    key: str,
    body: Evidence,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("officer"))],
) -> MilestoneView:
    return queries.view(await commands.achieve(transaction, case_id, key, body.evidence, body.occurred_on))


@router.post("/deadlines", summary="기한 점검 / tell the deadlines whose day has come")
async def run_deadlines(
    body: DeadlineRun,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("operator"))],
) -> AnnouncedDeadlines:
    """Announce each deadline once for its due date, however often this is called."""
    return AnnouncedDeadlines(**await commands.run_deadlines(transaction, body.up_to))


@router.get("/cases/{case_id}/milestones", summary="과제의 이정표 / a case's milestones")
async def milestones(case_id: UUID, transaction: RequestTransaction, actor: Readers) -> MilestonesView:
    return await queries.milestones_of_case(transaction, case_id)
