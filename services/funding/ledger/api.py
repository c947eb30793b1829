"""HTTP edge of the ledger: queries only; commands of the other modules post to it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel

from services.funding.ledger import queries
from services.funding.ledger.queries import PostingView
from shared.web.http import RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/cases", tags=["ledger"])

Reader = Annotated[Actor, Depends(require_role("officer", "approver", "payer", "operator", "auditor"))]
"""Roles that may read balances and postings, in every module of funding."""


class PostingsView(BaseModel):
    case_id: UUID
    postings: list[PostingView]


@router.get("/{case_id}/postings", summary="과제의 분개 / The postings of a case")
async def postings(case_id: UUID, transaction: RequestTransaction, actor: Reader) -> PostingsView:
    return PostingsView(case_id=case_id, postings=await queries.postings_of(transaction, case_id))
