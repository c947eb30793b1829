"""Taking over of past results. The caller commits."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.applications.past_results import domain
from services.applications.past_results.models import RecordedCase
from services.applications.programmes import queries as programmes
from shared.events.external import LegacyCaseRecorded
from shared.messaging.outbox import emit

log = structlog.get_logger()


async def record(session: AsyncSession, system: str, legacy_case: LegacyCaseRecorded) -> None:
    """Take over a past result once; receiving it again changes nothing.

    PrerequisiteMissing while its programme is unknown, RuleBroken for contradictory content.
    """
    published = await programmes.newest_definition(session, legacy_case.programme_id)
    if published is None:
        raise programmes.prerequisite_missing(legacy_case.programme_id)
    recorded_case, recorded = domain.record(published.definition, system, legacy_case)
    if (stored := await _find_stored(session, recorded_case)) is not None:
        domain.refuse_changed_content(stored, recorded_case)
        log.info("past_result.already_recorded", system=system, record_id=legacy_case.record_id)
        return
    session.add(recorded_case)
    await emit(session, recorded)


async def _find_stored(session: AsyncSession, recorded_case: RecordedCase) -> RecordedCase | None:
    statement = select(RecordedCase).where(
        RecordedCase.system == recorded_case.system, RecordedCase.record_id == recorded_case.record_id
    )
    return await session.scalar(statement)
