"""HTTP API of reviews: each request becomes a command. The reviewer is the subject of the token."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.applications.reviews import commands
from shared.events.definition import Code, Count
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/cases", tags=["심사 / reviews"])

Reviewer = Annotated[Actor, Depends(require_role("reviewer"))]


class Submit(DatedCommand):
    scores: dict[Code, Count]
    conflict_of_interest: Annotated[bool, Field(strict=True)] = False


class Reviewed(BaseModel):
    case_id: UUID
    reviewer_id: str


@router.post("/{case_id}/reviews", status_code=201, summary="심사 점수를 낸다 / Submit a review")
async def submit(case_id: UUID, body: Submit, transaction: RequestTransaction, actor: Reviewer) -> Reviewed:
    await commands.submit(
        transaction,
        case_id,
        actor.id,
        body.scores,
        conflict_of_interest=body.conflict_of_interest,
        on=body.occurred_on,
    )
    return Reviewed(case_id=case_id, reviewer_id=actor.id)
