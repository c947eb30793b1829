"""Commands on tranches, each: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.commitments import commands as commitments
from services.funding.commitments.domain import create_commitment, public_budget_lines
from services.funding.commitments.models import Commitment
from services.funding.companies import commands as companies
from services.funding.ledger import commands as ledger
from services.funding.ledger.domain import PostingReason
from services.funding.programmes import queries as programmes
from services.funding.schema import require
from services.funding.tranches import domain
from services.funding.tranches.models import Status, Tranche
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.errors import RuleBroken
from shared.events.applications import AgreementSigned
from shared.messaging.outbox import emit


async def load(session: AsyncSession, case_id: UUID, number: int) -> tuple[Commitment, Tranche]:
    """Load and lock the case's commitment, then the tranche. Raises NotFound where the case has no such tranche."""
    commitment = await commitments.load(session, case_id)
    tranche = await session.get(Tranche, (case_id, number), with_for_update=True, populate_existing=True)
    return commitment, require(tranche, domain.unknown_tranche(number))


async def load_rows(executor: Executor, case_id: UUID, number: int) -> tuple[Commitment, Tranche]:
    """Load and lock both like `load`, but by key past the unit of work: the caller updates a changed tranche."""
    commitment = await commitments.load_row(executor, case_id)
    tranche = await keyed_rows.find(executor, Tranche, case_id, number, lock=Lock.UPDATE)
    return commitment, require(tranche, domain.unknown_tranche(number))


async def tranches_of(session: AsyncSession, case_id: UUID) -> Sequence[Tranche]:
    """Return the case's tranches by number, without locks of their own: the caller has locked the commitment."""
    ordered = select(Tranche).where(col(Tranche.case_id) == case_id).order_by(col(Tranche.number))
    return (await session.scalars(ordered.execution_options(populate_existing=True))).all()


async def schedule(session: AsyncSession, signed: AgreementSigned) -> None:
    """Commit the agreement's public money and split it into tranches.

    Raises PrerequisiteMissing while programme or budget is missing, RuleBroken for a second agreement of the case.
    """
    await refuse_second_agreement(session, signed.case_id)
    terms = await programmes.terms_of_version(session, signed.programme_id, signed.version)
    company = await companies.lock(session, signed.company_id)
    commitment = create_commitment(signed, terms)
    tranches = domain.schedule(commitment, terms, signed.shares_krw)
    await commitments.commit(session, commitment, domain.shares_by_year(tranches))
    session.add_all(tranches)
    await emit(session, *(domain.scheduled(tranche, signed.occurred_on) for tranche in tranches))
    if company.state is not None:
        await hold_case(session, commitment, company.state, company.since or signed.occurred_on)
    else:
        await make_ready(session, commitment)


async def refuse_second_agreement(session: AsyncSession, case_id: UUID) -> None:
    if await session.get(Commitment, case_id) is not None:
        raise RuleBroken(
            "agreement_known",
            ko=f"과제 {case_id}의 협약은 이미 반영되었습니다. 협약 변경은 아직 받지 않습니다. 보낸 쪽에서 확인하세요.",
            en=f"The agreement of case {case_id} is booked already. Changes are not taken yet: check it at its source.",
        )


async def make_ready(session: AsyncSession, commitment: Commitment) -> None:
    tranches = await tranches_of(session, commitment.case_id)
    events = [domain.make_ready(commitment, tranche) for tranche in tranches]
    await emit(session, *(event for event in events if event is not None))


async def achieve_milestone(session: AsyncSession, case_id: UUID, milestone: str, on: date) -> None:
    """Record an achieved milestone, which may make its tranche ready; most milestones have none."""
    commitment = await commitments.load(session, case_id)
    for tranche in await tranches_of(session, case_id):
        if tranche.milestone == milestone:
            domain.achieve(commitment, tranche, on)
    await make_ready(session, commitment)


async def confirm_self_contribution(
    session: AsyncSession, case_id: UUID, amount_krw: int, evidence: str, on: date
) -> None:
    commitment = await commitments.confirm_self_contribution(session, case_id, amount_krw, evidence, on)
    await make_ready(session, commitment)


async def request(executor: Executor, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    commitment, tranche = await load_rows(executor, case_id, number)
    requested = domain.request(commitment, tranche, by, on)
    await keyed_rows.update(executor, tranche)
    await emit(executor, requested)
    return tranche


async def approve(executor: Executor, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    """Approve the tranche and reserve its budget: committed → payable.

    Money moves last, as other transactions wait for the locks of these accounts.
    """
    commitment, tranche = await load_rows(executor, case_id, number)
    approved = domain.approve(tranche, by, on)
    await keyed_rows.update(executor, tranche)
    await emit(executor, approved)
    await move_money(executor, PostingReason.APPROVED, commitment, tranche, on)
    return tranche


async def reject(
    executor: Executor, case_id: UUID, number: int, by: str, *, reason: str, on: date
) -> Tranche:
    _, tranche = await load_rows(executor, case_id, number)
    rejected = domain.reject(tranche, by, reason, on)
    await keyed_rows.update(executor, tranche)
    await emit(executor, rejected)
    return tranche


async def move_money(
    executor: Executor, reason: PostingReason, commitment: Commitment, tranche: Tranche, on: date
) -> None:
    amounts = public_budget_lines(commitment, domain.shares_by_year([tranche]))
    await ledger.post(executor, reason, amounts, on, tranche.case_id)


async def hold_company(session: AsyncSession, company_id: UUID, state: str, on: date) -> None:
    """Hold the company's tranches (휴업·폐업); payments instructed already still await the treasury's answer."""
    await companies.close(session, company_id, state, on)
    affected = await session.scalars(
        select(Commitment)
        .where(col(Commitment.company_id) == company_id)
        .order_by(col(Commitment.case_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for commitment in affected.all():
        await hold_case(session, commitment, state, on)


async def hold_case(session: AsyncSession, commitment: Commitment, state: str, on: date) -> None:
    commitment.business_state = state
    for tranche in await tranches_of(session, commitment.case_id):
        if tranche.status in domain.STOPPABLE:
            await void_approval(session, commitment, tranche, on)
            await emit(session, domain.hold(tranche, state, on))


async def void_approval(session: AsyncSession, commitment: Commitment, tranche: Tranche, on: date) -> None:
    if tranche.status == Status.APPROVED:
        await move_money(session, PostingReason.VOIDED, commitment, tranche, on)


async def stop_if_case_ended(
    session: AsyncSession, commitment: Commitment, tranche: Tranche, on: date
) -> None:
    """Release the money of a case abandoned before its payment was rejected; hold that of a closed company."""
    if commitment.abandoned_on is not None:
        await cancel(session, commitment, [tranche], on)
    elif commitment.business_state is not None:
        await emit(session, domain.hold(tranche, commitment.business_state, on))


async def abandon(session: AsyncSession, case_id: UUID, on: date) -> None:
    """Cancel the case's open tranches after its agreement; instructed payments still await the treasury's answer."""
    commitment = await commitments.load(session, case_id)
    await commitments.abandon(session, commitment, on)
    tranches = await tranches_of(session, case_id)
    unpaid = [tranche for tranche in tranches if tranche.status in domain.STOPPABLE | {Status.HELD}]
    await cancel(session, commitment, unpaid, on)


async def cancel(
    session: AsyncSession, commitment: Commitment, tranches: Sequence[Tranche], on: date
) -> None:
    for tranche in tranches:
        await void_approval(session, commitment, tranche, on)
        domain.cancel(tranche, on)
    await commitments.release(session, commitment, domain.shares_by_year(tranches), on)
