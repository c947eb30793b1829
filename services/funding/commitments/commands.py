"""What can be asked about case accounts: to commit, confirm, release. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.commitments import domain
from services.funding.commitments.models import Commitment
from services.funding.ledger import commands as ledger
from services.funding.ledger import queries as balances
from services.funding.ledger.domain import Reason
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.errors import PrerequisiteMissing
from shared.events.funding import YearShares
from shared.messaging.outbox import emit


async def load(session: AsyncSession, case_id: UUID) -> Commitment:
    """Locked: everything about one case's money happens one after another."""
    found = await session.get(Commitment, case_id, with_for_update=True, populate_existing=True)
    return _arrived(found, case_id)


async def lock(session: Executor, case_id: UUID) -> Commitment:
    """The same for who only reads it."""
    return _arrived(await keyed_rows.find(session, Commitment, case_id, lock=Lock.UPDATE), case_id)


def _arrived(found: Commitment | None, case_id: UUID) -> Commitment:
    if found is None:
        raise PrerequisiteMissing(
            "case_unknown",
            ko=f"과제 {case_id}의 협약이 아직 도착하지 않았습니다. 협약을 맺었는지 확인하고 잠시 뒤 다시 하세요.",
            en=f"The agreement of case {case_id} has not arrived here. Check that it is signed; try again shortly.",
        )
    return found


async def commit(session: AsyncSession, commitment: Commitment, years: list[YearShares]) -> None:
    """Bind public money by fiscal year, and note what the company itself pledges.

    Raises NotYet where nothing is allocated at all, RuleBroken where it is too little.
    """
    purses, on, case_id = domain.public_purses(commitment, years), commitment.signed_on, commitment.case_id
    domain.refuse_without_budget(await balances.without_budget(session, list(purses)))
    session.add(commitment)
    await ledger.post(session, Reason.COMMITTED, purses, on, case_id)
    await ledger.post(session, Reason.SELF_PLEDGED, domain.own_purse(commitment), on, case_id)
    await emit(session, domain.committed(commitment, years))


async def confirm_self_contribution(
    session: AsyncSession, case_id: UUID, amount_krw: int, evidence: str, on: date
) -> Commitment:
    commitment = await load(session, case_id)
    confirmed = domain.confirm_self_contribution(commitment, amount_krw, evidence, on)
    await ledger.post(session, Reason.SELF_CONFIRMED, domain.own_purse(commitment), on, case_id)
    await emit(session, confirmed)
    return commitment


async def release(session: AsyncSession, commitment: Commitment, years: list[YearShares], on: date) -> None:
    """What was committed and will not be paid is available again."""
    if years:
        purses = domain.public_purses(commitment, years)
        await ledger.post(session, Reason.RELEASED, purses, on, commitment.case_id)
        await emit(session, domain.released(commitment, years, on))


async def abandon(session: AsyncSession, commitment: Commitment, on: date) -> None:
    """A pledge that was not evidenced is taken back; evidenced money was the company's own and stays."""
    commitment.abandoned_on = on
    if domain.needs_self_contribution(commitment):
        own = domain.own_purse(commitment)
        await ledger.post(session, Reason.SELF_RELEASED, own, on, commitment.case_id)
