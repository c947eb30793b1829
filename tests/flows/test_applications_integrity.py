"""Integrity in the database: a large round in one transaction, immutable rows, constraints, locks."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.applications.cases.commands import withdraw
from services.applications.cases.models import Case, Screening, Status
from services.applications.past_results.domain import record
from services.applications.reviews.models import Review
from shared.database.engine import Database
from shared.values.business_number import check_digit
from tests.databases import Databases, until_blocked
from tests.flows.applications_api import ROUND, ApplicationsApi
from tests.unit.applications_builders import (
    IN_WINDOW,
    SELECTED_ON,
    a_case,
    a_company,
    a_legacy_case,
    a_top_up,
)

APPLIED = {"JS1": 100, "JS2": 76}
QUOTA = {"JS1": 40, "JS2": 30}
SECONDS = 5.0


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["applications"]


async def applied_in_bulk(database: Database) -> None:
    """Insert as many cases as in 2024, each eligible and reviewed by three."""
    tracks = [track for track, count in APPLIED.items() for _ in range(count)]
    numbers = [f"10281{number:04}" for number in range(len(tracks))]
    companies = [a_company(business_number=number + check_digit(number)) for number in numbers]
    cases = [
        a_case(company_id=company.id, track=track, receipt_number=f"R-{number}", status=Status.ELIGIBLE)
        for number, (company, track) in enumerate(zip(companies, tracks, strict=True))
    ]
    async with database.transaction() as transaction:
        await transaction.insert(*companies, *cases)
        for case in cases:
            await transaction.insert(*_screened_and_reviewed(case))


def _screened_and_reviewed(case: Case) -> list[Any]:
    scores = {"need": 10, "plan": int(case.receipt_number[2:]) % 41, "effect": 10}
    screening = Screening(case_id=case.id, eligible=True, reasons=[], screened_on=IN_WINDOW)
    return [screening] + [
        Review(
            case_id=case.id,
            reviewer_id=f"reviewer-{number}",
            scores=scores,
            conflict_of_interest=False,
            reviewed_on=SELECTED_ON,
        )
        for number in range(3)
    ]


async def test_a_round_of_176_is_decided_in_one_transaction_of_a_few_seconds(
    api: ApplicationsApi, database: Database
) -> None:
    await api.publish()
    await api.open_round(quota=QUOTA)
    await applied_in_bulk(database)
    await api.close_round()

    started = time.monotonic()
    counts = await api.decide_round()
    elapsed = time.monotonic() - started

    assert counts == {"selected": 70, "reserved": 106, "rejected": 0}
    assert elapsed < SECONDS
    async with database.transaction() as transaction:
        [(emitted, transactions)] = await transaction.fetch(
            "select count(*), count(distinct xmin::text) from event_log where type like 'kr.ieum.company.%ed.v2'"
            " and topic = 'ieum.applications'"
        )
    assert (emitted, transactions) == (176, 1)


async def test_the_physical_order_of_rows_makes_no_difference(
    api: ApplicationsApi, database: Database
) -> None:
    await api.publish()
    await api.open_round(quota=QUOTA)
    await applied_in_bulk(database)
    await api.close_round()

    await api.decide_round()

    awards = (await api.get(f"/rounds/{ROUND}/selection"))["places"]
    async with database.transaction() as transaction:
        numbers = dict(await transaction.fetch("select id, business_number from company"))
    ranked = [
        (award["track"], -int(award["score"]), numbers[UUID(award["company_id"])])
        for award in sorted(awards, key=lambda award: (award["track"], award["rank"]))
    ]
    assert len(ranked) == 176
    assert ranked == sorted(ranked)


@pytest.mark.parametrize(
    "statement",
    [
        "update programme_version set version = 2",
        "update review set scores = '{}'",
        "update screening set eligible = true",
        "update recorded_case set amounts_krw = '{}'",
        "update abandonment set reason = ''",
        "delete from programme_proposal",
        "delete from award",
        'delete from "case"',
        "delete from agreement",
        "truncate review",
    ],
)
async def test_the_service_has_no_right_to_rewrite_published_scored_or_decided_rows(
    database: Database, statement: str
) -> None:
    with pytest.raises(asyncpg.PostgresError, match="permission denied"):
        async with database.transaction() as transaction:
            await transaction.fetch(statement)


@pytest.mark.parametrize("change", [{"status": "lost"}, {"total_krw": 0}])
async def test_the_database_refuses_an_invalid_case(
    api: ApplicationsApi, database: Database, change: dict[str, Any]
) -> None:
    await api.publish()
    await api.open_round()
    company = await api.register()

    with pytest.raises(asyncpg.CheckViolationError, match=r"case_(status|total)"):
        async with database.transaction() as transaction:
            await transaction.insert(a_case(id=uuid4(), company_id=UUID(company), **change))


@pytest.mark.parametrize(
    ("same_company", "receipt_number"),
    [(True, "R-2"), (False, "R-1")],
    ids=["the company's second case", "the reference number of another case"],
)
async def test_the_database_refuses_a_second_case_or_reference_number(
    api: ApplicationsApi, database: Database, same_company: bool, receipt_number: str
) -> None:
    await api.publish()
    await api.open_round()
    company = UUID(await api.register())
    other = company if same_company else UUID(await api.register())
    async with database.transaction() as transaction:
        await transaction.insert(a_case(company_id=company, receipt_number="R-1"))

    with pytest.raises(asyncpg.UniqueViolationError, match=r"case_(round_id_company_id|receipt_number)_key"):
        async with database.transaction() as transaction:
            await transaction.insert(a_case(company_id=other, receipt_number=receipt_number))


async def test_the_database_refuses_a_second_copy_of_a_past_result(
    api: ApplicationsApi, database: Database
) -> None:
    definition = a_top_up()
    await api.publish(definition)
    async with database.transaction() as transaction:
        await transaction.insert(record(definition, "legacy", a_legacy_case())[0])

    with pytest.raises(asyncpg.UniqueViolationError, match="recorded_case_system_record_id_key"):
        async with database.transaction() as transaction:
            await transaction.insert(record(definition, "legacy", a_legacy_case())[0])


async def test_a_selection_waits_for_a_withdrawal_in_progress(
    api: ApplicationsApi, database: Database
) -> None:
    await api.publish()
    await api.open_round()
    stays, goes = await api.apply_and_review(10), await api.apply_and_review(40)
    await api.close_round()

    async with database.transaction() as transaction:
        await withdraw(transaction, UUID(goes), "경영 사정", SELECTED_ON, acting_for=None)
        deciding = asyncio.create_task(api.decide_round())
        await until_blocked(deciding)
    decided = await deciding

    assert decided == {"selected": 1, "reserved": 0, "rejected": 0}
    assert [await api.state(case) for case in (stays, goes)] == ["selected", "withdrawn"]
