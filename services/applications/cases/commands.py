"""Use cases of cases: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.cases import domain, queries
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_other_company
from services.applications.companies.models import Company
from services.applications.programmes import queries as programmes
from services.applications.reference_numbers import commands as reference_numbers
from services.applications.rounds import commands as rounds
from services.applications.rounds import queries as round_queries
from services.applications.rounds.domain import refuse_outside_window
from services.applications.rounds.models import Round
from shared.database import keyed_rows
from shared.database.engine import Executor, fetch_raw
from shared.errors import RuleBroken
from shared.events.definition import Definition
from shared.messaging.outbox import emit

EARLIER_APPLICATION = 'select receipt_number from "case" where round_id = $1 and company_id = $2'


async def submit(
    session: Executor,
    round_id: str,
    company_id: UUID,
    project: domain.Project,
    on: date,
    *,
    acting_for: str | None,
) -> Case:
    """Take an application to a round; NotFound for an unknown round or company, RuleBroken where it is refused."""
    refuse_other_company(company_id, acting_for)
    if (round := await rounds.find_for_application(session, round_id)) is None:
        raise round_queries.not_found(round_id)
    definition = await programmes.definition(session, round.programme_id, round.version)
    domain.refuse_top_up(definition)
    refuse_outside_window(round, on)
    company = await companies.load(session, company_id)
    number = await _issue_reference_number(session, round, company)
    case, submitted = domain.submit(round, definition, company, project, receipt_number=number, on=on)
    await keyed_rows.insert(session, case)
    await emit(session, submitted)
    return case


async def open_for_ministry(
    session: AsyncSession, round: Round, definition: Definition, company: Company, total_krw: int, *, on: date
) -> Case:
    number = await _issue_reference_number(session, round, company)
    project = domain.Project(track=None, total_krw=total_krw)
    case, submitted = domain.open_for_ministry(
        round, definition, company, project, receipt_number=number, on=on
    )
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
    refuse_other_company(case.company_id, acting_for)
    await emit(session, domain.withdraw(case, reason, on))
    return case


async def load(session: AsyncSession, case_id: UUID) -> Case:
    case = await session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise queries.not_found(case_id)
    return case


async def load_in_round(session: AsyncSession, round_id: str) -> list[Case]:
    """Load all cases of a round that were not withdrawn, locked."""
    statement = select(Case).where(Case.round_id == round_id, Case.status != Status.WITHDRAWN)
    return list(await session.scalars(statement.order_by(col(Case.id)).with_for_update()))


async def screenings_in_round(session: AsyncSession, round_id: str) -> dict[UUID, Screening]:
    statement = (
        select(Screening).join(Case, col(Case.id) == Screening.case_id).where(Case.round_id == round_id)
    )
    return {screening.case_id: screening for screening in await session.scalars(statement)}


async def _issue_reference_number(session: Executor, round: Round, company: Company) -> str:
    """Issue the next number, one transaction at a time: that also keeps a company from applying twice at once."""
    number = await reference_numbers.issue(session, round.programme_id, round.year)
    if earlier := await fetch_raw(session, EARLIER_APPLICATION, round.id, company.id):
        raise _already_applied(company, *earlier[0])
    return number


def _already_applied(company: Company, receipt_number: str) -> RuleBroken:
    return RuleBroken(
        "once_a_round",
        ko=f"{company.name_ko}은(는) 이 공고에 이미 신청했습니다(접수번호 {receipt_number}). 한 공고에 한 번만 신청할 수 있습니다.",
        en=f"The company has applied in this round already (receipt {receipt_number}); once a round is all.",
    )
