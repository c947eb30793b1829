"""Taking over of past results. The caller commits."""

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.past_results import domain
from services.applications.past_results.models import RecordedCase
from services.applications.programmes import queries as programmes
from shared.database.transaction import Query, Transaction
from shared.events.external import LegacyCaseRecorded
from shared.messaging.outbox import emit

log = structlog.get_logger()

STORED = Query(
    select(RecordedCase).where(
        col(RecordedCase.system) == bindparam("system"), col(RecordedCase.record_id) == bindparam("record_id")
    )
)


async def record(transaction: Transaction, system: str, legacy_case: LegacyCaseRecorded) -> None:
    """Take over a past result once; receiving it again changes nothing.

    PrerequisiteMissing while its programme is unknown, RuleBroken for contradictory content.
    """
    published = await programmes.newest_definition(transaction, legacy_case.programme_id)
    if published is None:
        raise programmes.prerequisite_missing(legacy_case.programme_id)
    recorded_case, recorded = domain.record(published.definition, system, legacy_case)
    stored = await transaction.first(STORED, system=system, record_id=legacy_case.record_id)
    if stored is not None:
        domain.refuse_changed_content(stored, recorded_case)
        log.info("past_result.already_recorded", system=system, record_id=legacy_case.record_id)
        return
    await transaction.insert(recorded_case)
    await emit(transaction, recorded)
