"""What can be asked about tranches: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.commitments import commands as commitments
from services.funding.commitments.domain import open_account, public_purses
from services.funding.commitments.models import Commitment
from services.funding.companies import commands as companies
from services.funding.ledger import commands as ledger
from services.funding.ledger.domain import Reason
from services.funding.programmes import queries as programmes
from services.funding.tranches import domain
from services.funding.tranches.models import Status, Tranche
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.errors import NotFound, RuleBroken
from shared.events.applications import AgreementSigned
from shared.messaging.outbox import emit


async def load(session: AsyncSession, case_id: UUID, number: int) -> tuple[Commitment, Tranche]:
    """Both locked, the case's account first."""
    commitment = await commitments.load(session, case_id)
    tranche = await session.get(Tranche, (case_id, number), with_for_update=True, populate_existing=True)
    return commitment, _known(tranche, number)


async def lock(session: Executor, case_id: UUID, number: int) -> tuple[Commitment, Tranche]:
    """The same past the unit of work: who changes the tranche saves it."""
    commitment = await commitments.lock(session, case_id)
    return commitment, _known(
        await keyed_rows.find(session, Tranche, case_id, number, lock=Lock.UPDATE), number
    )


def _known(tranche: Tranche | None, number: int) -> Tranche:
    if tranche is None:
        raise NotFound(
            "tranche_unknown",
            ko=f"과제에 {number}회차가 없습니다. 회차 번호를 확인하세요.",
            en=f"The case has no tranche {number}. Check the number.",
        )
    return tranche


async def tranches_of(session: AsyncSession, case_id: UUID) -> Sequence[Tranche]:
    """In order; the case's account is locked by now, and with it they are."""
    found = select(Tranche).where(col(Tranche.case_id) == case_id).order_by(col(Tranche.number))
    return (await session.scalars(found.execution_options(populate_existing=True))).all()


async def schedule(session: AsyncSession, signed: AgreementSigned) -> None:
    """The agreement's public money is committed and split into tranches."""
    await refuse_second_agreement(session, signed.case_id)
    terms = await programmes.terms_of(session, signed.programme_id, signed.version)
    company = await companies.lock(session, signed.company_id)
    commitment = open_account(signed, terms)
    tranches = domain.schedule(commitment, terms, signed.shares_krw)
    await commitments.commit(session, commitment, domain.by_year(tranches))
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
    ready = [domain.make_ready(commitment, one) for one in await tranches_of(session, commitment.case_id)]
    await emit(session, *(event for event in ready if event is not None))


async def achieve_milestone(session: AsyncSession, case_id: UUID, milestone: str, on: date) -> None:
    """Its tranche may become ready; most milestones have none."""
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


async def request(session: Executor, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    commitment, tranche = await lock(session, case_id, number)
    requested = domain.request(commitment, tranche, by, on)
    await keyed_rows.update(session, tranche)
    await emit(session, requested)
    return tranche


async def approve(session: Executor, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    """From here on the budget is reserved: committed → payable. Last, as everybody waits for these accounts."""
    commitment, tranche = await lock(session, case_id, number)
    approved = domain.approve(tranche, by, on)
    await keyed_rows.update(session, tranche)
    await emit(session, approved)
    await move_money(session, Reason.APPROVED, commitment, tranche, on)
    return tranche


async def reject(session: Executor, case_id: UUID, number: int, by: str, *, reason: str, on: date) -> Tranche:
    _, tranche = await lock(session, case_id, number)
    rejected = domain.reject(tranche, by, reason, on)
    await keyed_rows.update(session, tranche)
    await emit(session, rejected)
    return tranche


async def move_money(
    session: Executor, reason: Reason, commitment: Commitment, tranche: Tranche, on: date
) -> None:
    await ledger.post(
        session, reason, public_purses(commitment, domain.by_year([tranche])), on, tranche.case_id
    )


async def hold_company(session: AsyncSession, company_id: UUID, state: str, on: date) -> None:
    """휴업·폐업: nothing more is paid to it; what is with the treasury already awaits its answer."""
    await companies.close(session, company_id, state, on)
    found = await session.scalars(
        select(Commitment)
        .where(col(Commitment.company_id) == company_id)
        .order_by(col(Commitment.case_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for commitment in found.all():
        await hold_case(session, commitment, state, on)


async def hold_case(session: AsyncSession, commitment: Commitment, state: str, on: date) -> None:
    commitment.business_state = state
    for tranche in await tranches_of(session, commitment.case_id):
        if tranche.status in domain.STOPPABLE:
            await void_approval(session, commitment, tranche, on)
            await emit(session, domain.hold(tranche, state, on))


async def void_approval(session: AsyncSession, commitment: Commitment, tranche: Tranche, on: date) -> None:
    if tranche.status == Status.APPROVED:
        await move_money(session, Reason.VOIDED, commitment, tranche, on)


async def stop_if_over(session: AsyncSession, commitment: Commitment, tranche: Tranche, on: date) -> None:
    """After a rejected payment: money of a case that was given up meanwhile is released, of a closed business held."""
    if commitment.abandoned_on is not None:
        await cancel(session, commitment, [tranche], on)
    elif commitment.business_state is not None:
        await emit(session, domain.hold(tranche, commitment.business_state, on))


async def abandon(session: AsyncSession, case_id: UUID, on: date) -> None:
    """Before an agreement nothing is committed here. What is with the treasury already awaits its answer."""
    commitment = await commitments.load(session, case_id)
    await commitments.abandon(session, commitment, on)
    open_ones = [
        tranche
        for tranche in await tranches_of(session, case_id)
        if tranche.status in domain.STOPPABLE | {Status.HELD}
    ]
    await cancel(session, commitment, open_ones, on)


async def cancel(
    session: AsyncSession, commitment: Commitment, tranches: Sequence[Tranche], on: date
) -> None:
    for tranche in tranches:
        await void_approval(session, commitment, tranche, on)
        domain.cancel(tranche, on)
    await commitments.release(session, commitment, domain.by_year(tranches), on)
