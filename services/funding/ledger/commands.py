"""What can be asked of the ledger: to post a set. The caller commits."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import orjson
from asyncpg.exceptions import CheckViolationError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.funding.ledger import domain
from services.funding.ledger.domain import Purse, Reason
from shared.database.engine import Executor, fetch_raw
from shared.observability.logs import correlation

# One statement: accounts are opened where need be, in the order of the lines, and the whole set is posted.
POST = """
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
    session: Executor, reason: Reason, amounts: Mapping[Purse, int], on: date, case_id: UUID | None = None
) -> None:
    """Move won by purse as the reason says. The only way into the ledger.

    Raises RuleBroken naming funder, year and the missing amount where a balance would fall below zero.
    """
    lines = domain.lines(reason, amounts)
    if not lines:
        return
    if isinstance(session, AsyncSession):
        await session.flush()
    columns = zip(*((*line.purse, line.kind, line.amount_krw) for line in lines), strict=True)
    try:
        await fetch_raw(session, POST, *map(list, columns), uuid7(), on, case_id, reason, _caused_by())
    except CheckViolationError as error:
        raise _in_words(error) from error


def _caused_by() -> str | None:
    bound = correlation()
    return bound.get("causationid") or bound.get("correlationid")


def _in_words(error: CheckViolationError) -> Exception:
    """The database tells which account is short as JSON; any other complaint stays what it is."""
    if error.constraint_name != "account_balance_sign":
        return error
    return domain.short(**orjson.loads(error.detail or ""))
