"""Commands on the ledger: post a balanced set of postings. The caller commits."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import orjson
from asyncpg.exceptions import CheckViolationError
from uuid_utils.compat import uuid7

from services.funding.ledger import domain
from services.funding.ledger.domain import BudgetLine, PostingReason
from shared.database.transaction import Transaction
from shared.observability.logs import correlation

# One statement: missing accounts are inserted in the order of the lines, and the whole set is posted.
INSERT_POSTINGS = """
    with line as (
        select * from unnest($1::varchar[], $2::integer[], $3::varchar[], $4::varchar[], $5::varchar[], $6::bigint[])
            as line (programme_id, fiscal_year, funder, municipality, kind, amount_krw)
    ), opened as (
        insert into account (programme_id, fiscal_year, funder, municipality, kind)
        select programme_id, fiscal_year, funder, municipality, kind from line
        on conflict do nothing
    )
    insert into posting (set_id, programme_id, fiscal_year, funder, municipality, kind, amount_krw,
                         posted_on, case_id, reason, caused_by)
    select $7::uuid, programme_id, fiscal_year, funder, municipality, kind, amount_krw, $8::date, $9::uuid, $10, $11
    from line
"""


async def post(
    transaction: Transaction,
    reason: PostingReason,
    amounts: Mapping[BudgetLine, int],
    on: date,
    case_id: UUID | None = None,
) -> None:
    """Move won of each budget line between the reason's two accounts. The only way into the ledger.

    Raises RuleBroken naming funder, year and the missing amount where a balance would fall below zero.
    """
    lines = domain.posting_lines(reason, amounts)
    if not lines:
        return
    columns = zip(*((*line.budget_line, line.kind, line.amount_krw) for line in lines), strict=True)
    try:
        await transaction.fetch(
            INSERT_POSTINGS, *map(list, columns), uuid7(), on, case_id, reason, _causing_id()
        )
    except CheckViolationError as error:
        raise _business_error(error) from error


def _causing_id() -> str | None:
    bound = correlation()
    return bound.get("causationid") or bound.get("correlationid")


def _business_error(error: CheckViolationError) -> Exception:
    """Return RuleBroken for an overdrawn account, which the trigger names as JSON; any other violation unchanged."""
    if error.constraint_name != "account_balance_sign":
        return error
    return domain.budget_short(**orjson.loads(error.detail or ""))
