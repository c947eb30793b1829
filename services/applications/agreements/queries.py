"""Reads of a whole case, joined from the modules below this one."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.applications.agreements.models import Abandonment, Agreement
from services.applications.awards import queries as awards
from services.applications.cases import queries as cases
from services.applications.cases.models import Case
from services.applications.companies.models import Company
from services.applications.reference_numbers.domain import validated
from shared.errors import NotFound
from shared.values.money import Shares

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


async def case(session: AsyncSession, case_id: UUID) -> CaseView:
    return await _view(session, await cases.case(session, case_id))


async def own_cases(session: AsyncSession, company_id: UUID) -> list[CaseView]:
    return [await _view(session, row) for row in await cases.list_by_company(session, company_id)]


async def own_case(session: AsyncSession, company_id: UUID, receipt_number: str) -> CaseView:
    """Return a case of the company by reference number; NotFound also for a case of another company."""
    number = validated(receipt_number)
    statement = select(Case).where(Case.receipt_number == number, Case.company_id == company_id)
    if (row := await session.scalar(statement)) is None:
        raise NotFound(
            "receipt_unknown",
            ko=f"귀사의 접수번호 {number}을(를) 찾을 수 없습니다. 접수증과 로그인한 기업을 확인하세요.",
            en=f"Your company has no receipt {number}. Check the receipt, and the company you are logged in for.",
        )
    return await _view(session, row)


async def _view(session: AsyncSession, row: Case) -> CaseView:
    company = await session.get_one(Company, row.company_id)
    award = await awards.award(session, row.id)
    agreement = await session.get(Agreement, row.id)
    abandonment = await session.get(Abandonment, row.id)
    state = _state(row, award, agreement)
    fields = row.model_dump(exclude={"id", "version", "via", "status"})
    return CaseView(
        **fields,
        case_id=row.id,
        company_name_ko=company.name_ko,
        state=state,
        state_ko=STATES[state][0],
        state_en=STATES[state][1],
        screening_reasons=await cases.screening_reasons(session, row.id),
        place=award,
        agreement=AgreementView.model_validate(agreement) if agreement else None,
        abandonment_reason=abandonment.reason if abandonment else None,
    )


def _state(row: Case, award: awards.AwardView | None, agreement: Agreement | None) -> str:
    if award is None:
        return row.status
    return "agreed" if agreement is not None and award.status == "selected" else award.status
