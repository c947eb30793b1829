"""HTTP API of programmes: each request becomes a command or a query."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from services.applications.programmes import commands, queries
from shared.events.definition import Definition, Proposal
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/programmes", tags=["사업 / programmes"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Anyone = Annotated[
    Actor, Depends(require_role("officer", "approver", "payer", "reviewer", "company", "operator", "auditor"))
]


class Propose(DatedCommand):
    proposal: Proposal


class Publish(DatedCommand):
    definition: Definition


class Proposed(BaseModel):
    programme_id: str


class Published(BaseModel):
    programme_id: str
    version: int


class Programmes(BaseModel):
    programmes: list[queries.ProgrammeLine]


@router.post(
    "/proposals", status_code=201, summary="신규 사업의 의견을 묻는다 / Send a draft out for consultation"
)
async def propose(body: Propose, transaction: RequestTransaction, actor: Officer) -> Proposed:
    await commands.propose(transaction, body.proposal, body.occurred_on)
    return Proposed(programme_id=body.proposal.programme_id)


@router.post(
    "", status_code=201, summary="사업을 공표한다(새 판) / Publish a programme, or a new version of it"
)
async def publish(body: Publish, transaction: RequestTransaction, actor: Officer) -> Published:
    version = await commands.publish(transaction, body.definition, body.occurred_on)
    return Published(programme_id=body.definition.programme_id, version=version)


@router.get("", summary="사업 목록 / All programmes")
async def programmes(transaction: RequestTransaction, actor: Anyone) -> Programmes:
    return Programmes(programmes=await queries.programmes(transaction))


@router.get("/{programme_id}", summary="사업의 최신 판 / A programme as last published")
async def programme(
    programme_id: str, transaction: RequestTransaction, actor: Anyone
) -> queries.ProgrammeView:
    return await queries.programme(transaction, programme_id)
