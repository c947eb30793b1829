"""HTTP API of agreements and of whole cases: each request becomes a command or a query."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.applications.agreements import commands, queries
from services.applications.agreements.domain import AgreementTerms
from services.applications.companies.domain import acting_for, company_id_of
from shared.values.money import Krw, Shares
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(tags=["협약 / agreements"])

Officer = Annotated[Actor, Depends(require_role("officer"))]
Applicant = Annotated[Actor, Depends(require_role("officer", "company"))]
OneCompany = Annotated[Actor, Depends(require_role("company"))]
Staff = Annotated[
    Actor, Depends(require_role("officer", "approver", "payer", "reviewer", "operator", "auditor"))
]


class Sign(DatedCommand):
    total_krw: Krw
    starts_on: date
    ends_on: date


class Abandon(DatedCommand):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class Signed(BaseModel):
    case_id: UUID
    shares_krw: Shares


class Abandoned(BaseModel):
    """Answer to an abandonment; `promoted` is the case promoted from the waiting list, if there was one."""

    case_id: UUID
    promoted: UUID | None


class Cases(BaseModel):
    cases: list[queries.CaseView]


@router.post("/cases/{case_id}/agreement", status_code=201, summary="협약을 체결한다 / Sign the agreement")
async def sign(case_id: UUID, body: Sign, transaction: RequestTransaction, actor: Officer) -> Signed:
    terms = AgreementTerms(total_krw=body.total_krw, starts_on=body.starts_on, ends_on=body.ends_on)
    shares = await commands.sign(transaction, case_id, terms, body.occurred_on)
    return Signed(case_id=case_id, shares_krw=shares)


@router.post(
    "/cases/{case_id}/abandonment",
    summary="사업을 포기한다(예비 과제가 이어받음) / Give up a place; the next in reserve takes it",
)
async def abandon(
    case_id: UUID, body: Abandon, transaction: RequestTransaction, actor: Applicant
) -> Abandoned:
    promoted = await commands.abandon(
        transaction, case_id, body.reason, body.occurred_on, acting_for(actor.id, actor.roles)
    )
    return Abandoned(case_id=case_id, promoted=promoted)


@router.get("/cases/{case_id}", summary="과제 하나의 현재 상태 / Where a case stands")
async def case(case_id: UUID, transaction: RequestTransaction, actor: Staff) -> queries.CaseView:
    return await queries.case(transaction, case_id)


@router.get("/me/cases", summary="우리 회사의 과제 / The company's own cases")
async def own_cases(transaction: RequestTransaction, actor: OneCompany) -> Cases:
    return Cases(cases=await queries.own_cases(transaction, company_id_of(actor.id)))


@router.get(
    "/me/cases/{receipt_number}", summary="접수번호로 우리 과제 찾기 / An own case by its receipt number"
)
async def own_case(
    receipt_number: str, transaction: RequestTransaction, actor: OneCompany
) -> queries.CaseView:
    return await queries.own_case(transaction, company_id_of(actor.id), receipt_number)
