"""Metric of payments without an answer of the treasury."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.payments.models import Payment, PaymentResult
from shared.observability.metrics import PAYMENTS_OPEN

METRIC_STATES = {PaymentResult.AWAITED: "awaited", PaymentResult.OVERDUE: "unconfirmed"}


async def measure(session: AsyncSession) -> None:
    answer = col(Payment.answer)
    rows = await session.execute(
        select(answer, func.count().label("payments")).where(answer.in_(METRIC_STATES)).group_by(answer)
    )
    counts: dict[str, int] = {row.answer: row.payments for row in rows}
    for result, state in METRIC_STATES.items():
        PAYMENTS_OPEN.labels(state).set(counts.get(result, 0))
