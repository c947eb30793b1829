"""Metric of payments without an answer of the treasury."""

from services.funding.payments.models import PaymentResult
from shared.database.transaction import Transaction
from shared.observability.metrics import PAYMENTS_OPEN

METRIC_STATES = {PaymentResult.AWAITED: "awaited", PaymentResult.OVERDUE: "unconfirmed"}
PAYMENTS_BY_ANSWER = """
    select answer, count(*) as payments from payment where answer = any($1::text[]) group by answer
"""


async def measure(transaction: Transaction) -> None:
    rows = await transaction.fetch(PAYMENTS_BY_ANSWER, list(METRIC_STATES))
    counts: dict[str, int] = {row.answer: row.payments for row in rows}
    for result, state in METRIC_STATES.items():
        PAYMENTS_OPEN.labels(state).set(counts.get(result, 0))
