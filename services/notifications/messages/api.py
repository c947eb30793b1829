"""HTTP: the messages of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.notifications.messages import queries
from services.notifications.messages.queries import Messages
from shared.web.http import RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(tags=["messages"])

Reader = Annotated[Actor, Depends(require_role("officer", "operator", "auditor"))]


@router.get("/messages")
async def of_case(case_id: UUID, transaction: RequestTransaction, actor: Reader) -> Messages:
    """List the case's messages, each with its channel, state and subject in both languages."""
    return await queries.of_case(transaction, case_id)
