"""Use cases of cases: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.cases import domain, queries
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_other_company
from services.applications.companies.models import Company
from services.applications.programmes import queries as programmes
from services.applications.reference_numbers import commands as reference_numbers
from services.applications.rounds import commands as rounds
from services.applications.rounds.domain import refuse_outside_window
from services.applications.rounds.models import Round
from shared.database.transaction import Lock, Query, Transaction
from shared.errors import RuleBroken
from shared.messaging.outbox import emit

EARLIER_APPLICATION = 'select receipt_number from "case" where round_id = $1 and company_id = $2'

NOT_WITHDRAWN = Query(
    select(Case)
    .where(col(Case.round_id) == bindparam("round_id"), col(Case.status) != Status.WITHDRAWN)
    .order_by(col(Case.id))
    .with_for_update()
)
SCREENINGS = Query(
    select(Screening)
    .join(Case, col(Case.id) == col(Screening.case_id))
    .where(col(Case.round_id) == bindparam("round_id"))
)


async def submit(
    transaction: Transaction,
    round_id: str,
    company_id: UUID,
    project: domain.Project,
    on: date,
    *,
    acting_for: str | None,
) -> Case:
    """Take an application to a round; NotFound for an unknown round or company, RuleBroken where it is refused."""
    refuse_other_company(company_id, acting_for)
    round = await rounds.load(transaction, round_id, Lock.SHARE)
    definition = await programmes.definition(transaction, round.programme_id, round.version)
    domain.refuse_top_up(definition)
    refuse_outside_window(round, on)
    company = await companies.load(transaction, company_id)
    number = await _issue_reference_number(transaction, round, company)
    case, submitted = domain.submit(round, definition, company, project, receipt_number=number, on=on)
    await transaction.insert(case)
    await emit(transaction, submitted)
    return case


async def open_for_ministry(
    transaction: Transaction, round: Round, company: Company, total_krw: int, on: date
) -> Case:
    definition = await programmes.definition(transaction, round.programme_id, round.version)
    number = await _issue_reference_number(transaction, round, company)
    project = domain.Project(track=None, total_krw=total_krw)
    case, submitted = domain.open_for_ministry(
        round, definition, company, project, receipt_number=number, on=on
    )
    await transaction.insert(case)
    await emit(transaction, submitted)
    return case


async def screen(
    transaction: Transaction, case_id: UUID, eligible: bool, reasons: list[str], on: date
) -> Case:
    case = await load(transaction, case_id)
    screening, screened = domain.screen(case, eligible, reasons, on)
    await transaction.update(case)
    await transaction.insert(screening)
    await emit(transaction, screened)
    return case


async def withdraw(
    transaction: Transaction, case_id: UUID, reason: str, on: date, acting_for: str | None
) -> Case:
    case = await load(transaction, case_id)
    refuse_other_company(case.company_id, acting_for)
    withdrawn = domain.withdraw(case, reason, on)
    await transaction.update(case)
    await emit(transaction, withdrawn)
    return case


async def load(transaction: Transaction, case_id: UUID) -> Case:
    """Load a case and lock it; NotFound for an unknown one."""
    case = await transaction.find(Case, case_id, lock=Lock.UPDATE)
    if case is None:
        raise queries.not_found(case_id)
    return case


async def load_in_round(transaction: Transaction, round_id: str) -> list[Case]:
    """Load all cases of a round that were not withdrawn, locked."""
    return await transaction.all(NOT_WITHDRAWN, round_id=round_id)


async def screenings_in_round(transaction: Transaction, round_id: str) -> dict[UUID, Screening]:
    screenings = await transaction.all(SCREENINGS, round_id=round_id)
    return {screening.case_id: screening for screening in screenings}


async def _issue_reference_number(transaction: Transaction, round: Round, company: Company) -> str:
    """Issue the next number, one transaction at a time: that also keeps a company from applying twice at once."""
    number = await reference_numbers.issue(transaction, round.programme_id, round.year)
    if earlier := await transaction.value(EARLIER_APPLICATION, round.id, company.id):
        raise _already_applied(company, earlier)
    return number


def _already_applied(company: Company, receipt_number: str) -> RuleBroken:
    return RuleBroken(
        "once_a_round",
        ko=f"{company.name_ko}은(는) 이 공고에 이미 신청했습니다(접수번호 {receipt_number}). 한 공고에 한 번만 신청할 수 있습니다.",
        en=f"The company has applied in this round already (receipt {receipt_number}); once a round is all.",
    )
