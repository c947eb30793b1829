"""Commands on tranches, each: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam
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
from services.funding.tranches.queries import OF_CASE
from shared.database.transaction import Lock, Query, Transaction
from shared.errors import RuleBroken
from shared.events.applications import AgreementSigned
from shared.messaging.outbox import emit

COMMITMENTS_OF_COMPANY = Query(
    select(Commitment)
    .where(col(Commitment.company_id) == bindparam("company_id"))
    .order_by(col(Commitment.case_id))
    .with_for_update()
)


async def load(transaction: Transaction, case_id: UUID, number: int) -> tuple[Commitment, Tranche]:
    """Load and lock the case's commitment, then the tranche. Raises NotFound where the case has no such tranche."""
    commitment = await commitments.load(transaction, case_id)
    tranche = await transaction.find(Tranche, case_id, number, lock=Lock.UPDATE)
    return commitment, require(tranche, domain.unknown_tranche(number))


async def tranches_of(transaction: Transaction, case_id: UUID) -> list[Tranche]:
    """Return the case's tranches by number, without locks of their own: the caller has locked the commitment."""
    return await transaction.all(OF_CASE, case_id=case_id)


async def schedule(transaction: Transaction, signed: AgreementSigned) -> None:
    """Commit the agreement's public money and split it into tranches.

    Raises PrerequisiteMissing while programme or budget is missing, RuleBroken for a second agreement of the case.
    """
    await refuse_second_agreement(transaction, signed.case_id)
    terms = await programmes.terms_of_version(transaction, signed.programme_id, signed.version)
    company = await companies.lock(transaction, signed.company_id)
    commitment = create_commitment(signed, terms)
    tranches = domain.schedule(commitment, terms, signed.shares_krw)
    await commitments.commit(transaction, commitment, domain.shares_by_year(tranches))
    await transaction.insert(*tranches)
    await emit(transaction, *(domain.scheduled(tranche, signed.occurred_on) for tranche in tranches))
    if company.state is not None:
        await hold_case(transaction, commitment, company.state, company.since or signed.occurred_on)
    else:
        await make_ready(transaction, commitment, tranches)


async def refuse_second_agreement(transaction: Transaction, case_id: UUID) -> None:
    if await transaction.find(Commitment, case_id) is not None:
        raise RuleBroken(
            "agreement_known",
            ko=f"과제 {case_id}의 협약은 이미 반영되었습니다. 협약 변경은 아직 받지 않습니다. 보낸 쪽에서 확인하세요.",
            en=f"The agreement of case {case_id} is booked already. Changes are not taken yet: check it at its source.",
        )


async def make_ready(transaction: Transaction, commitment: Commitment, tranches: Sequence[Tranche]) -> None:
    for tranche in tranches:
        if ready := domain.make_ready(commitment, tranche):
            await transaction.update(tranche)
            await emit(transaction, ready)


async def achieve_milestone(transaction: Transaction, case_id: UUID, milestone: str, on: date) -> None:
    """Record an achieved milestone, which may make its tranche ready; most milestones have none."""
    commitment = await commitments.load(transaction, case_id)
    tranches = [each for each in await tranches_of(transaction, case_id) if each.milestone == milestone]
    for tranche in tranches:
        domain.achieve(commitment, tranche, on)
    await transaction.update(*tranches)
    await make_ready(transaction, commitment, tranches)


async def confirm_self_contribution(
    transaction: Transaction, case_id: UUID, amount_krw: int, evidence: str, on: date
) -> None:
    commitment = await commitments.confirm_self_contribution(transaction, case_id, amount_krw, evidence, on)
    await make_ready(transaction, commitment, await tranches_of(transaction, case_id))


async def request(transaction: Transaction, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    commitment, tranche = await load(transaction, case_id, number)
    requested = domain.request(commitment, tranche, by, on)
    await transaction.update(tranche)
    await emit(transaction, requested)
    return tranche


async def approve(transaction: Transaction, case_id: UUID, number: int, by: str, on: date) -> Tranche:
    """Approve the tranche and reserve its budget: committed → payable.

    Money moves last, as other transactions wait for the locks of these accounts.
    """
    commitment, tranche = await load(transaction, case_id, number)
    approved = domain.approve(tranche, by, on)
    await transaction.update(tranche)
    await emit(transaction, approved)
    await move_money(transaction, PostingReason.APPROVED, commitment, tranche, on)
    return tranche


async def reject(
    transaction: Transaction, case_id: UUID, number: int, by: str, *, reason: str, on: date
) -> Tranche:
    _, tranche = await load(transaction, case_id, number)
    rejected = domain.reject(tranche, by, reason, on)
    await transaction.update(tranche)
    await emit(transaction, rejected)
    return tranche


async def move_money(
    transaction: Transaction, reason: PostingReason, commitment: Commitment, tranche: Tranche, on: date
) -> None:
    amounts = public_budget_lines(commitment, domain.shares_by_year([tranche]))
    await ledger.post(transaction, reason, amounts, on, tranche.case_id)


async def hold_company(transaction: Transaction, company_id: UUID, state: str, on: date) -> None:
    """Hold the company's tranches (휴업·폐업); payments instructed already still await the treasury's answer."""
    await companies.close(transaction, company_id, state, on)
    for commitment in await transaction.all(COMMITMENTS_OF_COMPANY, company_id=company_id):
        await hold_case(transaction, commitment, state, on)


async def hold_case(transaction: Transaction, commitment: Commitment, state: str, on: date) -> None:
    commitment.business_state = state
    await transaction.update(commitment)
    for tranche in await tranches_of(transaction, commitment.case_id):
        if tranche.status in domain.STOPPABLE:
            await void_approval(transaction, commitment, tranche, on)
            await hold(transaction, tranche, state, on)


async def hold(transaction: Transaction, tranche: Tranche, state: str, on: date) -> None:
    held = domain.hold(tranche, state, on)
    await transaction.update(tranche)
    await emit(transaction, held)


async def void_approval(transaction: Transaction, commitment: Commitment, tranche: Tranche, on: date) -> None:
    if tranche.status == Status.APPROVED:
        await move_money(transaction, PostingReason.VOIDED, commitment, tranche, on)


async def stop_if_case_ended(
    transaction: Transaction, commitment: Commitment, tranche: Tranche, on: date
) -> None:
    """Release the money of a case abandoned before its payment was rejected; hold that of a closed company."""
    if commitment.abandoned_on is not None:
        await cancel(transaction, commitment, [tranche], on)
    elif commitment.business_state is not None:
        await hold(transaction, tranche, commitment.business_state, on)


async def abandon(transaction: Transaction, case_id: UUID, on: date) -> None:
    """Cancel the case's open tranches after its agreement; instructed payments still await the treasury's answer."""
    commitment = await commitments.load(transaction, case_id)
    await commitments.abandon(transaction, commitment, on)
    tranches = await tranches_of(transaction, case_id)
    unpaid = [tranche for tranche in tranches if tranche.status in domain.STOPPABLE | {Status.HELD}]
    await cancel(transaction, commitment, unpaid, on)


async def cancel(
    transaction: Transaction, commitment: Commitment, tranches: Sequence[Tranche], on: date
) -> None:
    for tranche in tranches:
        await void_approval(transaction, commitment, tranche, on)
        domain.cancel(tranche, on)
        await transaction.update(tranche)
    await commitments.release(transaction, commitment, domain.shares_by_year(tranches), on)
