"""HTTP edge of budgets: allocation and balances."""

from datetime import date
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from services.funding.budgets import commands
from services.funding.ledger import queries as ledger
from services.funding.ledger.api import Reader
from services.funding.ledger.queries import BalanceView
from shared.events.definition import Code
from shared.values.money import Funder, Krw
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/budgets", tags=["budgets"])


class AllocateBudget(DatedCommand):
    """Won of one funder for one fiscal year; `municipality` only for the city's share where municipalities pay."""

    programme_id: Code
    fiscal_year: Annotated[int, Field(ge=2000, le=2100)]
    funder: Funder
    municipality: str | None = None
    amount_krw: Annotated[Krw, Field(ge=1)]


class AllocationView(BaseModel):
    programme_id: str
    fiscal_year: int
    funder: Funder
    municipality: str | None
    amount_krw: int
    occurred_on: date


class BudgetView(BaseModel):
    programme_id: str
    fiscal_year: int
    accounts: list[BalanceView]


@router.post("", status_code=201, summary="예산 편성 / Allocate a budget")
async def allocate(
    body: AllocateBudget,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("officer"))],
) -> AllocationView:
    await commands.allocate(
        transaction,
        body.programme_id,
        body.fiscal_year,
        funder=body.funder,
        municipality=body.municipality,
        amount_krw=body.amount_krw,
        on=body.occurred_on,
    )
    return AllocationView(**body.model_dump())


@router.get("", summary="계정별 잔액 / Balances by account")
async def balances(
    programme_id: Code, fiscal_year: int, transaction: RequestTransaction, actor: Reader
) -> BudgetView:
    accounts = await ledger.balances(transaction, programme_id, fiscal_year)
    return BudgetView(programme_id=programme_id, fiscal_year=fiscal_year, accounts=accounts)
