"""HTTP edge of payments: the payer's instruction, and the daily deadline run."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel

from services.funding.payments import commands
from shared.web.http import DatedCommand, DeadlineRun, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(tags=["payments"])


class PaymentView(BaseModel):
    """Payment that the treasury is instructed to make, in won."""

    payment_id: UUID
    amount_krw: int


class DeadlinesView(BaseModel):
    """Number of payments that became unconfirmed in this run."""

    unconfirmed: int


@router.post(
    "/cases/{case_id}/tranches/{number}/instruction", summary="지급명령(지출원) / Instruct a payment"
)
async def instruct(
    case_id: UUID,
    number: int,
    body: DatedCommand,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("payer"))],
) -> PaymentView:
    payment = await commands.instruct(transaction, case_id, number, actor.id, body.occurred_on)
    return PaymentView(payment_id=payment.payment_id, amount_krw=payment.amount_krw)


@router.post("/deadlines", summary="금고의 답 기한 확인 / Look for payments without an answer")
async def run_deadlines(
    body: DeadlineRun,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("operator"))],
) -> DeadlinesView:
    return DeadlinesView(unconfirmed=await commands.run_deadlines(transaction, body.up_to))
