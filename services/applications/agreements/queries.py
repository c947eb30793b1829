"""Reads of a whole case, joined from the modules below this one."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.agreements.models import Abandonment, Agreement
from services.applications.awards import queries as awards
from services.applications.cases import queries as cases
from services.applications.cases.models import Case
from services.applications.reference_numbers.domain import validated
from shared.database.transaction import Query, Transaction
from shared.errors import NotFound
from shared.values.money import Shares

OWN_CASES = Query(
    select(Case)
    .where(col(Case.company_id) == bindparam("company_id"))
    .order_by(col(Case.submitted_on), col(Case.id))
)
BY_NUMBER = Query(select(Case).where(col(Case.receipt_number) == bindparam("number")))
COMPANY_NAME = "select name_ko from company where id = $1"

STATES = {
    "submitted": ("접수: 요건검토를 기다립니다", "Received; to be screened"),
    "eligible": ("요건 적합: 심사를 기다립니다", "Eligible; to be reviewed"),
    "ineligible": ("요건 부적합", "Not eligible"),
    "withdrawn": ("취하", "Withdrawn"),
    "selected": ("선정: 협약을 기다립니다", "Selected; the agreement is next"),
    "reserved": (
        "예비: 앞선 기업이 포기하면 이어서 선정됩니다",
        "In reserve; promoted when a place is given up",
    ),
    "rejected": ("탈락", "Not selected"),
    "given_up": ("포기", "Given up"),
    "agreed": ("협약 체결", "Agreement signed"),
}


class AgreementView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    total_krw: int
    shares_krw: Shares
    starts_on: date
    ends_on: date
    signed_on: date
    status: str


class CaseView(BaseModel):
    """Case with its state: the state's code, and its text in Korean and English."""

    case_id: UUID
    receipt_number: str
    programme_id: str
    round_id: str
    year: int
    company_id: UUID
    company_name_ko: str
    municipality: str
    track: str | None
    total_krw: int
    requested_krw: Shares
    submitted_on: date
    state: str
    state_ko: str
    state_en: str
    screening_reasons: list[str]
    place: awards.AwardView | None
    agreement: AgreementView | None
    abandonment_reason: str | None


async def case(transaction: Transaction, case_id: UUID) -> CaseView:
    if (row := await transaction.find(Case, case_id)) is None:
        raise cases.not_found(case_id)
    return await _view(transaction, row)


async def own_cases(transaction: Transaction, company_id: UUID) -> list[CaseView]:
    rows = await transaction.all(OWN_CASES, company_id=company_id)
    return [await _view(transaction, row) for row in rows]


async def own_case(transaction: Transaction, company_id: UUID, receipt_number: str) -> CaseView:
    """Return a case of the company by reference number; NotFound also for a case of another company."""
    number = validated(receipt_number)
    row = await transaction.first(BY_NUMBER, number=number)
    if row is None or row.company_id != company_id:
        raise NotFound(
            "receipt_unknown",
            ko=f"귀사의 접수번호 {number}을(를) 찾을 수 없습니다. 접수증과 로그인한 기업을 확인하세요.",
            en=f"Your company has no receipt {number}. Check the receipt, and the company you are logged in for.",
        )
    return await _view(transaction, row)


async def _view(transaction: Transaction, row: Case) -> CaseView:
    award = await awards.award(transaction, row.id)
    agreement = await transaction.find(Agreement, row.id)
    abandonment = await transaction.find(Abandonment, row.id)
    state = _state(row, award, agreement)
    fields = row.model_dump(exclude={"id", "version", "via", "status"})
    return CaseView(
        **fields,
        case_id=row.id,
        company_name_ko=await transaction.value(COMPANY_NAME, row.company_id),
        state=state,
        state_ko=STATES[state][0],
        state_en=STATES[state][1],
        screening_reasons=await cases.screening_reasons(transaction, row.id),
        place=award,
        agreement=AgreementView.model_validate(agreement) if agreement else None,
        abandonment_reason=abandonment.reason if abandonment else None,
    )


def _state(row: Case, award: awards.AwardView | None, agreement: Agreement | None) -> str:
    if award is None:
        return row.status
    return "agreed" if agreement is not None and award.status == "selected" else award.status
