"""What can be asked about cases: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.cases import domain, queries
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_stranger
from services.applications.companies.models import Company
from services.applications.programmes import queries as programmes
from services.applications.reference_numbers import commands as receipts
from services.applications.rounds import commands as rounds
from services.applications.rounds import queries as round_queries
from services.applications.rounds.domain import refuse_outside_window
from services.applications.rounds.models import Round
from shared.database import keyed_rows
from shared.database.engine import Executor, fetch_raw
from shared.errors import RuleBroken
from shared.events.definition import Definition
from shared.messaging.outbox import emit

BEFORE = 'select receipt_number from "case" where round_id = $1 and company_id = $2'


async def submit(
    session: Executor, round_id: str, company_id: UUID, plan: domain.Plan, on: date, *, acting_for: str | None
) -> Case:
    refuse_stranger(company_id, acting_for)
    if (call := await rounds.find(session, round_id)) is None:
        raise round_queries.unknown(round_id)
    terms = await programmes.definition(session, call.programme_id, call.version)
    domain.refuse_top_up(terms)
    refuse_outside_window(call, on)
    company = await companies.load(session, company_id)
    number = await _number_for(session, call, company)
    case, submitted = domain.submit(call, terms, company, plan, receipt_number=number, on=on)
    await keyed_rows.insert(session, case)
    await emit(session, submitted)
    return case


async def open_for_ministry(
    session: AsyncSession, call: Round, terms: Definition, company: Company, total_krw: int, *, on: date
) -> Case:
    number = await _number_for(session, call, company)
    plan = domain.Plan(track=None, total_krw=total_krw)
    case, submitted = domain.open_for_ministry(call, terms, company, plan, receipt_number=number, on=on)
    await keyed_rows.insert(session, case)
    await emit(session, submitted)
    return case


async def screen(session: AsyncSession, case_id: UUID, eligible: bool, reasons: list[str], on: date) -> Case:
    case = await load(session, case_id)
    screening, screened = domain.screen(case, eligible, reasons, on)
    session.add(screening)
    await emit(session, screened)
    return case


async def withdraw(
    session: AsyncSession, case_id: UUID, reason: str, on: date, acting_for: str | None
) -> Case:
    case = await load(session, case_id)
    refuse_stranger(case.company_id, acting_for)
    await emit(session, domain.withdraw(case, reason, on))
    return case


async def load(session: AsyncSession, case_id: UUID) -> Case:
    case = await session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise queries.unknown(case_id)
    return case


async def load_round(session: AsyncSession, round_id: str) -> list[Case]:
    """All that is still in the running, locked."""
    running = select(Case).where(Case.round_id == round_id, Case.status != Status.WITHDRAWN)
    return list(await session.scalars(running.order_by(col(Case.id)).with_for_update()))


async def screenings(session: AsyncSession, round_id: str) -> dict[UUID, Screening]:
    keyed_rows = (
        select(Screening).join(Case, col(Case.id) == Screening.case_id).where(Case.round_id == round_id)
    )
    return {row.case_id: row for row in await session.scalars(keyed_rows)}


async def _number_for(session: Executor, call: Round, company: Company) -> str:
    """Numbers are drawn one at a time, so that a company cannot apply twice at once."""
    number = await receipts.draw(session, call.programme_id, call.year)
    if known := await fetch_raw(session, BEFORE, call.id, company.id):
        raise _applied_before(company, *known[0])
    return number


def _applied_before(company: Company, receipt_number: str) -> RuleBroken:
    return RuleBroken(
        "once_a_round",
        ko=f"{company.name_ko}은(는) 이 공고에 이미 신청했습니다(접수번호 {receipt_number}). 한 공고에 한 번만 신청할 수 있습니다.",
        en=f"The company has applied in this round already (receipt {receipt_number}); once a round is all.",
    )
