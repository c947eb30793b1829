"""HTTP API of the selection: each request becomes a command or a query."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from services.applications.awards import queries as awards
from services.applications.awards.models import Outcome
from services.applications.rounds import queries as rounds
from services.applications.selection import commands
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/rounds", tags=["선정 / selection"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Staff = Annotated[Actor, Depends(require_role("officer", "operator", "auditor"))]


class Selected(BaseModel):
    """Number of companies by outcome."""

    selected: int
    reserved: int
    rejected: int


class Selection(BaseModel):
    round_id: str
    places: list[awards.AwardLine]


@router.post("/{round_id}/selection", summary="공고의 과제를 선정한다 / Decide a round")
async def select(
    round_id: str, body: DatedCommand, transaction: RequestTransaction, actor: Officer
) -> Selected:
    counts = await commands.select(transaction, round_id, body.occurred_on)
    return Selected(
        selected=counts[Outcome.SELECTED],
        reserved=counts[Outcome.RESERVED],
        rejected=counts[Outcome.REJECTED],
    )


@router.get("/{round_id}/selection", summary="선정 결과와 근거 / The places of a round, with their grounds")
async def selection(round_id: str, transaction: RequestTransaction, actor: Staff) -> Selection:
    await rounds.round_view(transaction, round_id)
    return Selection(round_id=round_id, places=await awards.list_in_round(transaction, round_id))
