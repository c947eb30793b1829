"""How many payments the treasury has not answered: what operators are told of."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.payments.models import Answer, Payment
from shared.observability.metrics import PAYMENTS_OPEN

SHOWN = {Answer.AWAITED: "awaited", Answer.OVERDUE: "unconfirmed"}


async def measure(session: AsyncSession) -> None:
    answer = col(Payment.answer)
    counted = await session.execute(
        select(answer, func.count().label("payments")).where(answer.in_(SHOWN)).group_by(answer)
    )
    found: dict[str, int] = {row.answer: row.payments for row in counted}
    for known, state in SHOWN.items():
        PAYMENTS_OPEN.labels(state).set(found.get(known, 0))
