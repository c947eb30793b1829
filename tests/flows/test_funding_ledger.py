"""The ledger on real Postgres: constraints of the database itself, for every role and under concurrency."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.exceptions import (
    ForeignKeyViolationError,
    IntegrityConstraintViolationError,
    UniqueViolationError,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.funding.ledger.commands import post
from services.funding.ledger.domain import BudgetLine, PostingReason
from shared.database.engine import Database
from shared.errors import RuleBroken
from tests.databases import Databases, admin
from tests.unit.funding_builders import a_case

ON = date(2024, 7, 1)
PROVINCE = BudgetLine("jeonbuk-smart-factory", 2024, "province", "")
CITY = BudgetLine("jeonbuk-smart-factory", 2024, "city", "52111")
INSERT_LINE = """
    insert into posting (set_id, programme_id, fiscal_year, funder, municipality, kind, amount_krw, posted_on, reason)
    values ($1, 'jeonbuk-smart-factory', 2024, 'province', '', $2, $3, '2024-07-01', 'by hand')
"""
ACCOUNTS_UNLIKE_POSTINGS = """
    select * from account a where balance_krw <> (
        select coalesce(sum(amount_krw), 0) from posting p
        where (p.programme_id, p.fiscal_year, p.funder, p.municipality, p.kind) =
              (a.programme_id, a.fiscal_year, a.funder, a.municipality, a.kind))
"""


@pytest.fixture
def funding(databases: Databases) -> Database:
    return databases["funding"]


@pytest.fixture
async def superuser(funding: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await admin()
    await connection.execute("set search_path = funding")
    yield connection
    await connection.close()


async def move(funding: Database, reason: PostingReason, *amounts: tuple[BudgetLine, int]) -> None:
    async with funding.transaction() as transaction:
        await post(transaction, reason, dict(amounts), ON)


async def balances(funding: Database) -> dict[str, int]:
    async with funding.transaction() as transaction:
        rows = await transaction.fetch("select kind, sum(balance_krw) from account group by kind")
    return {kind: int(krw) for kind, krw in rows}


async def accounts_unlike_their_postings(funding: Database) -> int:
    async with funding.transaction() as transaction:
        return len(await transaction.fetch(ACCOUNTS_UNLIKE_POSTINGS))


async def insert_lines(funding: Database, set_id: UUID, *lines: tuple[str, int]) -> None:
    async with funding.transaction() as transaction:
        for kind, krw in lines:
            await transaction.fetch(INSERT_LINE, set_id, kind, krw)


async def a_stored_case(funding: Database) -> UUID:
    """Insert a commitment and its tranches; return the case's id."""
    commitment, tranches = a_case()
    async with funding.transaction() as transaction:
        await transaction.insert(commitment, *tranches)
    return commitment.case_id


async def test_postings_update_the_balances(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100), (CITY, 50))
    await move(funding, PostingReason.COMMITTED, (PROVINCE, 30), (CITY, 20))

    assert await balances(funding) == {"allocated": -150, "available": 100, "committed": 50}
    assert await accounts_unlike_their_postings(funding) == 0


async def test_a_budget_shortfall_is_refused_with_the_missing_amount(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100), (CITY, 50))

    with pytest.raises(RuleBroken, match=r"시군비 52111 .*1원"):
        await move(funding, PostingReason.COMMITTED, (PROVINCE, 100), (CITY, 51))

    assert await balances(funding) == {"allocated": -150, "available": 150}


async def test_a_set_that_does_not_sum_to_zero_cannot_be_committed(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))

    with pytest.raises(IntegrityConstraintViolationError, match="does not sum to zero"):
        await insert_lines(funding, uuid4(), ("allocated", -10), ("available", 9))
    await insert_lines(funding, uuid4(), ("allocated", -10), ("available", 10))

    assert await balances(funding) == {"allocated": -110, "available": 110}


async def test_a_committed_set_cannot_be_extended(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))
    await move(funding, PostingReason.COMMITTED, (PROVINCE, 100))
    async with funding.transaction() as transaction:
        set_id = await transaction.value("select set_id from posting where kind = 'committed'")

    with pytest.raises(IntegrityConstraintViolationError, match="does not sum to zero"):
        await insert_lines(funding, set_id, ("allocated", -10))


@pytest.mark.parametrize(
    "statement",
    [
        "update posting set amount_krw = 1",
        "delete from posting",
        "truncate posting",
        "update account set balance_krw = 0",
        "delete from account",
        "insert into account (programme_id, fiscal_year, funder, municipality, kind, balance_krw)"
        " values ('p', 2024, 'city', '', 'available', 5)",
        "delete from payment",
        "delete from tranche",
    ],
)
async def test_the_services_role_cannot_rewrite_the_ledger(funding: Database, statement: str) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))

    with pytest.raises(asyncpg.PostgresError, match="permission denied"):
        async with funding.transaction() as transaction:
            await transaction.fetch(statement)


@pytest.mark.parametrize("statement", ["update posting set amount_krw = 1", "delete from posting"])
async def test_the_tables_owner_cannot_rewrite_a_posting(
    funding: Database, superuser: asyncpg.Connection, statement: str
) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))
    await superuser.execute("set role ieum_funding_owner")

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await superuser.execute(statement)


async def test_parallel_commitments_succeed_only_up_to_the_budget(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 70), (CITY, 1_000))

    attempts = [move(funding, PostingReason.COMMITTED, (CITY, 10), (PROVINCE, 10)) for _ in range(20)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    errors = [result for result in results if result is not None]

    assert [type(error) for error in errors] == [RuleBroken] * 13
    assert await balances(funding) == {"allocated": -1_070, "available": 930, "committed": 140}


async def test_the_tables_owner_cannot_move_a_balance_across_zero(
    funding: Database, superuser: asyncpg.Connection
) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))
    await superuser.execute("set role ieum_funding_owner")

    for kind, krw in (("available", -1), ("allocated", 1)):
        with pytest.raises(asyncpg.CheckViolationError, match="account_balance_sign"):
            await superuser.execute(f"update account set balance_krw = {krw} where kind = '{kind}'")


async def test_a_posting_to_a_missing_account_is_refused(funding: Database) -> None:
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))

    with pytest.raises(ForeignKeyViolationError, match="foreign key"):
        await insert_lines(funding, uuid4(), ("available", -5), ("disbursed", 5))


async def test_the_database_refuses_the_same_past_spending_twice(funding: Database) -> None:
    case_id = uuid4()

    async def book() -> None:
        async with funding.transaction() as transaction:
            await post(transaction, PostingReason.PAST_SPENDING, {PROVINCE: 30}, ON, case_id)

    await book()
    with pytest.raises(UniqueViolationError, match="posting_past_once"):
        await book()


async def test_sets_over_the_same_accounts_never_deadlock(funding: Database) -> None:
    lines = [
        BudgetLine("jeonbuk-smart-factory", year, "city", code) for year in (2024, 2025) for code in "ABCDEF"
    ]
    random = Random(7)

    async def random_moves() -> None:
        for _ in range(10):
            chosen = random.sample(lines, 5)
            await move(funding, PostingReason.ALLOCATED, *((line, 3) for line in chosen))
            await move(funding, PostingReason.COMMITTED, *((line, 1) for line in chosen))

    await asyncio.gather(*(random_moves() for _ in range(8)))

    assert await balances(funding) == {"allocated": -1_200, "available": 800, "committed": 400}
    assert await accounts_unlike_their_postings(funding) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PostingReason), st.integers(0, 100)), min_size=5, max_size=25))
async def test_no_sequence_of_postings_overdraws_an_account_or_loses_a_won(
    funding: Database, postings: list[tuple[PostingReason, int]]
) -> None:
    programme = str(uuid4())

    for reason, krw in postings:
        funder = "self" if "self" in reason else "city"
        with suppress(RuleBroken):
            await move(funding, reason, (BudgetLine(programme, 2024, funder, ""), krw))

    async with funding.transaction() as transaction:
        rows = await transaction.fetch(
            "select funder, sum(balance_krw) from account where programme_id = $1 group by 1", programme
        )
        assert all(krw == 0 for _, krw in rows)
    assert await accounts_unlike_their_postings(funding) == 0


async def test_the_database_refuses_a_repeated_person_and_a_skipped_signature(
    funding: Database, superuser: asyncpg.Connection
) -> None:
    await a_stored_case(funding)

    for change in (
        "requested_by = 'a', approved_by = 'a'",
        "requested_by = 'a', approved_by = 'b', instructed_by = 'a'",
        "requested_by = 'a', approved_by = 'b', instructed_by = 'b'",
        "requested_by = 'a', instructed_by = 'c'",
        "approved_by = 'b'",
        "status = 'approved', requested_by = 'a'",
        "status = 'disbursed'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await superuser.execute(f"update tranche set {change}")
    await superuser.execute("update tranche set requested_by = 'a', approved_by = 'b', instructed_by = 'c'")


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("posting_amount", "update posting set amount_krw = 0"),
        ("account_kind", "update account set kind = 'promised' where kind = 'allocated'"),
        ("commitment_total", "update commitment set total_krw = total_krw + 1"),
        ("commitment_shares", "update commitment set self_krw = -1, public_krw = total_krw + 1"),
        ("tranche_total", "update tranche set total_krw = -1"),
        ("tranche_status", "update tranche set status = 'nearly'"),
        ("payment_answer", "update payment set answer = 'perhaps'"),
        ("payment_executed", "update payment set answer = 'executed'"),
    ],
    ids=lambda value: value.partition(" ")[0],
)
async def test_the_database_refuses_invalid_money_rows(
    funding: Database, superuser: asyncpg.Connection, constraint: str, statement: str
) -> None:
    case_id = await a_stored_case(funding)
    await move(funding, PostingReason.ALLOCATED, (PROVINCE, 100))
    await superuser.execute(
        """insert into payment (payment_id, case_id, number, amount_krw, instructed_on, answer)
           values (gen_random_uuid(), $1, 1, 5, '2024-07-01', 'awaited')""",
        case_id,
    )
    # without triggers and foreign keys, so that the check constraint itself must refuse
    await superuser.execute("set session_replication_role = replica")

    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await superuser.execute(statement)


async def test_the_database_refuses_a_second_payment_unless_the_first_was_rejected(
    funding: Database, superuser: asyncpg.Connection
) -> None:
    case_id = await a_stored_case(funding)
    pay = """insert into payment (payment_id, case_id, number, amount_krw, instructed_on, answer, treasury_reference)
             values (gen_random_uuid(), $1, 1, 5, '2024-07-01', $2, $3)"""

    await superuser.execute(pay, case_id, "rejected", None)
    await superuser.execute(pay, case_id, "executed", "T-1")

    for answer in ("awaited", "overdue"):
        with pytest.raises(asyncpg.UniqueViolationError, match="payment_once"):
            await superuser.execute(pay, case_id, answer, None)


async def test_the_database_refuses_one_treasury_reference_for_two_payments(
    funding: Database, superuser: asyncpg.Connection
) -> None:
    case_id = await a_stored_case(funding)
    pay = """insert into payment (payment_id, case_id, number, amount_krw, instructed_on, answer, treasury_reference)
             values (gen_random_uuid(), $1, $2, 5, '2024-07-01', 'executed', 'T-1')"""

    await superuser.execute(pay, case_id, 1)
    with pytest.raises(asyncpg.UniqueViolationError, match="treasury_reference"):
        await superuser.execute(pay, case_id, 2)
