"""Command that takes the progress an office states; a second report of a day corrects the first."""

from datetime import date

from services.monitoring.pledges import domain
from services.monitoring.programmes.queries import definition_on
from shared.database.transaction import Transaction
from shared.messaging.outbox import emit


async def report_progress(
    transaction: Transaction,
    pledge_id: str,
    programme_id: str,
    *,
    percent: int,
    reported_by_ko: str,
    on: date,
) -> None:
    """Store the progress and emit its event. Raises PrerequisiteMissing without a definition, RuleBroken."""
    definition = await definition_on(transaction, programme_id, on)
    progress, event = domain.report(definition, pledge_id, percent, reported_by_ko, on)
    await transaction.replace(progress)
    await emit(transaction, event)
