"""Metric of the programmes' states: what the board shows, for alerts."""

from services.monitoring.figures.assessment import assess_programme
from services.monitoring.figures.programme import programme_view
from services.monitoring.figures.queries import last_event_dates, load_all_inputs
from shared.database.transaction import Transaction
from shared.observability.metrics import PROGRAMME_STATE
from shared.values.clock import today


async def measure(transaction: Transaction) -> None:
    """Set 1 for the state that each programme has today; a programme that is gone, and a state that it had, are absent."""
    day = today()
    all_inputs = await load_all_inputs(transaction, day, in_detail=False)
    last = await last_event_dates(transaction, [inputs.programme_id for inputs in all_inputs], day)
    PROGRAMME_STATE.clear()
    for inputs in all_inputs:
        view = programme_view(inputs, last.get(inputs.programme_id))
        PROGRAMME_STATE.labels(inputs.programme_id, assess_programme(view, day).state).set(1)
