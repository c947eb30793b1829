"""HTTP edge of tranches: self-contribution, request, approval and rejection."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.funding.ledger.api import Reader
from services.funding.tranches import commands, queries
from services.funding.tranches.queries import CaseView
from shared.values.money import Krw
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/cases", tags=["tranches"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Approver = Annotated[Actor, Depends(require_role("approver"))]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class ConfirmSelfContribution(DatedCommand):
    """The agreed self-contribution in won, and a reference to its evidence (통장 사본)."""

    amount_krw: Krw
    evidence: Text


class Reject(DatedCommand):
    reason: Text


class TrancheStatus(BaseModel):
    """Status of the tranche after the step."""

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    number: int
    status: str


@router.get("/{case_id}/tranches", summary="과제의 지급 회차 / The tranches of a case")
async def tranches(case_id: UUID, transaction: RequestTransaction, actor: Reader) -> CaseView:
    return await queries.case_view(transaction, case_id)


@router.post(
    "/{case_id}/self-contribution", status_code=201, summary="자부담 확인 / Confirm the company's own share"
)
async def confirm(
    case_id: UUID, body: ConfirmSelfContribution, transaction: RequestTransaction, actor: Officer
) -> CaseView:
    await commands.confirm_self_contribution(
        transaction, case_id, body.amount_krw, body.evidence, body.occurred_on
    )
    return await queries.case_view(transaction, case_id)


@router.post("/{case_id}/tranches/{number}/request", summary="지급 신청(기안) / Request a tranche")
async def request(
    case_id: UUID, number: int, body: DatedCommand, transaction: RequestTransaction, actor: Officer
) -> TrancheStatus:
    tranche = await commands.request(transaction, case_id, number, actor.id, body.occurred_on)
    return TrancheStatus.model_validate(tranche)


@router.post("/{case_id}/tranches/{number}/approval", summary="승인(재무관) / Approve a tranche")
async def approve(
    case_id: UUID, number: int, body: DatedCommand, transaction: RequestTransaction, actor: Approver
) -> TrancheStatus:
    tranche = await commands.approve(transaction, case_id, number, actor.id, body.occurred_on)
    return TrancheStatus.model_validate(tranche)


@router.post("/{case_id}/tranches/{number}/rejection", summary="반려(재무관) / Reject a tranche")
async def reject(
    case_id: UUID, number: int, body: Reject, transaction: RequestTransaction, actor: Approver
) -> TrancheStatus:
    tranche = await commands.reject(
        transaction, case_id, number, actor.id, reason=body.reason, on=body.occurred_on
    )
    return TrancheStatus.model_validate(tranche)
