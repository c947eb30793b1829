"""What can be asked of the ledger: to post a set. The caller commits."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.funding.ledger import domain
from services.funding.ledger.domain import Line, Purse, Reason
from services.funding.ledger.models import Account, Posting
from shared.logs import cause


async def post(
    session: AsyncSession, reason: Reason, amounts: Mapping[Purse, int], on: date, case_id: UUID | None = None
) -> None:
    """Move won by purse as the reason says. The only way into the ledger.

    Raises RuleBroken naming funder, year and the missing amount where a balance would fall below zero.
    """
    lines = domain.lines(reason, amounts)
    if not lines:
        return
    await session.execute(insert(Account).values([_account(line) for line in lines]).on_conflict_do_nothing())
    told = {"posted_on": on, "case_id": case_id, "reason": reason, "caused_by": _caused_by()}
    try:
        await session.execute(insert(Posting).values(_postings(lines, told)))
    except IntegrityError as error:
        raise _in_words(error) from error


def _account(line: Line) -> dict[str, object]:
    return {**line.purse._asdict(), "kind": line.kind}


def _postings(lines: Sequence[Line], told: Mapping[str, object]) -> list[dict[str, object]]:
    set_id = uuid7()
    return [{"set_id": set_id, **_account(line), "amount_krw": line.amount_krw, **told} for line in lines]


def _caused_by() -> str | None:
    bound = cause()
    return bound.get("causationid") or bound.get("correlationid")


def _in_words(error: IntegrityError) -> Exception:
    """The database tells which account is short as JSON; any other complaint stays what it is."""
    refusal = error.orig.__cause__ if error.orig else None
    if getattr(refusal, "constraint_name", None) != "account_balance_sign":
        return error
    return domain.short(**orjson.loads(getattr(refusal, "detail", "")))
