"""HTTP API: progress of a pledge as its office states it."""

from datetime import date
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from services.monitoring.pledges import commands
from shared.events.definition import Code
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/pledges", tags=["pledges"])


class ReportProgress(DatedCommand):
    """Progress report; `percent` is what the office states, 0 to 100."""

    programme_id: Code
    percent: Annotated[int, Field(ge=0, le=100, strict=True)]
    reported_by_ko: Annotated[str, Field(min_length=1, max_length=100)]


class Reported(BaseModel):
    pledge_id: str
    percent: int
    occurred_on: date


@router.post("/{pledge_id}/progress", status_code=201, summary="공약 이행도 보고 / state a pledge's progress")
async def report_progress(
    pledge_id: Code,
    body: ReportProgress,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("officer"))],
) -> Reported:
    await commands.report_progress(
        transaction,
        pledge_id,
        body.programme_id,
        percent=body.percent,
        reported_by_ko=body.reported_by_ko,
        on=body.occurred_on,
    )
    return Reported(pledge_id=pledge_id, percent=body.percent, occurred_on=body.occurred_on)
