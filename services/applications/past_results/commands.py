"""What can be asked about past results: to take one over. The caller commits."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.applications.past_results import domain
from services.applications.past_results.models import RecordedCase
from services.applications.programmes import queries as programmes
from shared.events.external import LegacyCaseRecorded
from shared.messaging.outbox import emit

log = structlog.get_logger()


async def record(session: AsyncSession, system: str, told: LegacyCaseRecorded) -> None:
    """Once; the same record told again changes nothing. NotYet while its programme is unknown."""
    terms = await programmes.newest(session, told.programme_id)
    if terms is None:
        raise programmes.not_yet(told.programme_id)
    row, recorded = domain.record(terms.definition, system, told)
    if (before := await _known(session, row)) is not None:
        domain.refuse_other_content(before, row)
        log.info("case.recorded_before", system=system, record_id=told.record_id)
        return
    session.add(row)
    await emit(session, recorded)


async def _known(session: AsyncSession, row: RecordedCase) -> RecordedCase | None:
    same = select(RecordedCase).where(
        RecordedCase.system == row.system, RecordedCase.record_id == row.record_id
    )
    return await session.scalar(same)
