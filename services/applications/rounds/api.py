"""HTTP API of rounds: each request becomes a command or a query."""

from datetime import date
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from services.applications.rounds import commands, queries
from services.applications.rounds.domain import Announcement
from shared.events.definition import Code, Count, TrackId
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/rounds", tags=["공고 / rounds"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Anyone = Annotated[
    Actor, Depends(require_role("officer", "approver", "payer", "reviewer", "company", "operator", "auditor"))
]


class OpenRound(DatedCommand):
    round_id: Code
    programme_id: Code
    year: Annotated[int, Field(ge=1990, le=2200, strict=True)]
    name_ko: Annotated[str, Field(min_length=1, max_length=200)]
    opens_on: date
    closes_on: date
    quota: dict[TrackId, Count]


class Agree(DatedCommand):
    agency_ko: Annotated[str, Field(min_length=1, max_length=200)]


class Opened(BaseModel):
    round_id: str


@router.post("", status_code=201, summary="공고를 연다 / Open a round")
async def open_round(body: OpenRound, transaction: RequestTransaction, actor: Officer) -> Opened:
    announcement = Announcement(**body.model_dump(exclude={"occurred_on"}))
    await commands.open_round(transaction, announcement, body.occurred_on)
    return Opened(round_id=body.round_id)


@router.post("/{round_id}/closing", summary="접수를 마감한다 / Close a round")
async def close(
    round_id: str, body: DatedCommand, transaction: RequestTransaction, actor: Officer
) -> queries.RoundView:
    await commands.close(transaction, round_id, body.occurred_on)
    return await queries.round_view(transaction, round_id)


@router.post(
    "/{round_id}/agreement",
    summary="운영기관과 협약을 맺는다 / Conclude the year's agreement with the agency",
)
async def agree(
    round_id: str, body: Agree, transaction: RequestTransaction, actor: Officer
) -> queries.RoundView:
    await commands.agree(transaction, round_id, body.agency_ko, body.occurred_on)
    return await queries.round_view(transaction, round_id)


@router.get("/{round_id}", summary="공고 하나 / A round")
async def round_(round_id: str, transaction: RequestTransaction, actor: Anyone) -> queries.RoundView:
    return await queries.round_view(transaction, round_id)
