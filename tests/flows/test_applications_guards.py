"""What holds whoever asks: a big round in one transaction, kept rows that cannot be rewritten, locks that hold."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from services.applications.cases.commands import withdraw
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies.models import Company
from services.applications.past_results.domain import record
from services.applications.reviews.models import Review
from shared.database.engine import Database
from shared.values.business_number import check_digit
from tests.databases import Databases, until_they_wait
from tests.flows.applications_api import ROUND, Applications
from tests.unit.applications_builders import IN_WINDOW, SELECTED_ON, a_case, a_company, a_record, a_top_up

APPLIED = {"JS1": 100, "JS2": 76}
PLACES = {"JS1": 40, "JS2": 30}
SECONDS = 5.0


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["applications"]


async def applied_in_bulk(database: Database) -> None:
    """As many as applied in 2024, each eligible and reviewed by three."""
    tracks = [track for track, count in APPLIED.items() for _ in range(count)]
    nines = [f"10281{number:04}" for number in range(len(tracks))]
    companies = [a_company(business_number=nine + check_digit(nine)) for nine in nines]
    cases = [
        a_case(company_id=company.id, track=track, receipt_number=f"R-{number}", status=Status.ELIGIBLE)
        for number, (company, track) in enumerate(zip(companies, tracks, strict=True))
    ]
    async with database.transaction() as session:
        for rows in (companies, cases, [found for case in cases for found in _screened_and_reviewed(case)]):
            session.add_all(rows)
            await session.flush()


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
    api: Applications, database: Database
) -> None:
    await api.published()
    await api.opened(quota=PLACES)
    await applied_in_bulk(database)
    await api.closed()

    began = time.monotonic()
    counts = await api.decided()
    took = time.monotonic() - began

    assert counts == {"selected": 70, "reserved": 106, "rejected": 0}
    assert took < SECONDS
    async with database.transaction() as session:
        told = await session.execute(
            text(
                "select count(*), count(distinct xmin::text) from event_log where type like 'kr.ieum.company.%ed.v1'"
                " and topic = 'ieum.applications'"
            )
        )
        assert told.one() == (176, 1)


async def test_the_order_in_which_rows_lie_makes_no_difference(api: Applications, database: Database) -> None:
    await api.published()
    await api.opened(quota=PLACES)
    await applied_in_bulk(database)
    await api.closed()

    await api.decided()

    places = (await api.get(f"/rounds/{ROUND}/selection"))["places"]
    async with database.transaction() as session:
        numbers = {
            row.id: row.business_number
            for row in await session.execute(select(col(Company.id), col(Company.business_number)))
        }
    ranked = [
        (one["track"], -int(one["score"]), numbers[UUID(one["company_id"])])
        for one in sorted(places, key=lambda one: (one["track"], one["rank"]))
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
        "delete from place",
        'delete from "case"',
        "delete from agreement",
        "truncate review",
    ],
)
async def test_the_service_itself_cannot_rewrite_what_was_published_scored_or_decided(
    database: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as session:
            await session.execute(text(statement))


@pytest.mark.parametrize("change", [{"status": "lost"}, {"total_krw": 0}])
async def test_the_database_itself_refuses_a_case_that_cannot_be(
    api: Applications, database: Database, change: dict[str, Any]
) -> None:
    await api.published()
    await api.opened()
    company = await api.registered()

    with pytest.raises(DBAPIError, match=r"case_(status|total)"):
        async with database.transaction() as session:
            session.add(a_case(id=uuid4(), company_id=UUID(company), **change))


@pytest.mark.parametrize(
    ("same_company", "receipt_number"),
    [(True, "R-2"), (False, "R-1")],
    ids=["the company's second case", "the receipt of another case"],
)
async def test_the_database_itself_refuses_a_second_case_or_receipt(
    api: Applications, database: Database, same_company: bool, receipt_number: str
) -> None:
    await api.published()
    await api.opened()
    company = UUID(await api.registered())
    other = company if same_company else UUID(await api.registered())
    async with database.transaction() as session:
        session.add(a_case(company_id=company, receipt_number="R-1"))

    with pytest.raises(DBAPIError, match=r"case_(round_id_company_id|receipt_number)_key"):
        async with database.transaction() as session:
            session.add(a_case(company_id=other, receipt_number=receipt_number))


async def test_the_database_itself_refuses_a_past_result_that_is_known(
    api: Applications, database: Database
) -> None:
    definition = a_top_up()
    await api.published(definition)
    async with database.transaction() as session:
        session.add(record(definition, "legacy", a_record())[0])

    with pytest.raises(DBAPIError, match="recorded_case_system_record_id_key"):
        async with database.transaction() as session:
            session.add(record(definition, "legacy", a_record())[0])


async def test_a_selection_waits_for_a_withdrawal_that_is_under_way(
    api: Applications, database: Database
) -> None:
    await api.published()
    await api.opened()
    stays, goes = await api.ready(10), await api.ready(40)
    await api.closed()

    async with database.transaction() as session:
        await withdraw(session, UUID(goes), "경영 사정", SELECTED_ON, acting_for=None)
        deciding = asyncio.create_task(api.decided())
        await until_they_wait(deciding)
    decided = await deciding

    assert decided == {"selected": 1, "reserved": 0, "rejected": 0}
    assert [await api.state(case) for case in (stays, goes)] == ["selected", "withdrawn"]


async def test_the_same_key_gives_the_same_receipt(api: Applications) -> None:
    await api.published()
    await api.opened()
    body = {
        "round_id": ROUND,
        "company_id": await api.registered(),
        "track": "JS1",
        "total_krw": 50_000_000,
        "occurred_on": f"{IN_WINDOW}",
    }
    headers = api.bearer("officer", "u-1") | {"Idempotency-Key": "once"}

    answers = [await api.client.post("/applications", json=body, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
