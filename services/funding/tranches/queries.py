"""Queries for a case's tranches."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.funding.commitments.models import Commitment
from services.funding.tranches.domain import missing_conditions
from services.funding.tranches.models import Tranche
from shared.database.transaction import Query, Transaction
from shared.errors import NotFound
from shared.values.money import Funder

OF_CASE = Query(
    select(Tranche).where(col(Tranche.case_id) == bindparam("case_id")).order_by(col(Tranche.number))
)


class MissingCondition(BaseModel):
    """A condition of the request that does not hold yet, with the role that can act on it."""

    ko: str
    en: str


class TrancheView(BaseModel):
    """One tranche; `missing`: the conditions that must hold before it can be requested."""

    number: int
    status: str
    milestone: str
    due_on: date
    fiscal_year: int
    amounts_krw: dict[Funder, int]
    total_krw: int
    achieved_on: date | None
    requested_by: str | None
    approved_by: str | None
    instructed_by: str | None
    missing: list[MissingCondition]


class CaseView(BaseModel):
    """A case's money: its commitment and its tranches."""

    case_id: UUID
    programme_id: str
    total_krw: int
    public_krw: int
    self_krw: int
    self_confirmed_on: date | None
    abandoned_on: date | None
    tranches: list[TrancheView]


def tranche_view(commitment: Commitment, tranche: Tranche) -> TrancheView:
    missing = [MissingCondition(ko=ko, en=en) for ko, en in missing_conditions(commitment, tranche)]
    return TrancheView.model_validate(tranche.model_dump() | {"missing": missing})


async def case_view(transaction: Transaction, case_id: UUID) -> CaseView:
    commitment = await transaction.find(Commitment, case_id)
    if commitment is None:
        raise NotFound(
            "case_unknown",
            ko=f"협약을 맺은 과제 {case_id}이(가) 없습니다. 과제 번호를 확인하세요.",
            en=f"No case {case_id} with an agreement. Check its id.",
        )
    tranches = await transaction.all(OF_CASE, case_id=case_id)
    views = [tranche_view(commitment, tranche) for tranche in tranches]
    return CaseView.model_validate(commitment.model_dump() | {"tranches": views})
