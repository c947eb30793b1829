"""Figures as of a business date, on real Postgres: the rules of figures on hand-made events."""

from datetime import date
from typing import Any

import pytest

from services.monitoring.figures.document import as_json
from services.monitoring.figures.money import execution
from services.monitoring.figures.queries import load_all_inputs, load_programme_inputs
from shared.database.engine import Database
from shared.errors import NotFound
from shared.events import Event
from shared.events.applications import ProgrammeProposed
from shared.values.money import Funder, split
from tests import databases as real
from tests.databases import Databases
from tests.unit.monitoring_builders import (
    PROGRAMME,
    RATIO,
    a_case,
    a_definition,
    a_plan,
    abandoned,
    achieved,
    agreed,
    applied,
    booked,
    committed,
    on,
    opened,
    progress,
    published,
    recorded,
    registered,
    released,
    reserved,
    round_agreed,
    scheduled,
    selected,
    visited,
)
from tests.unit.monitoring_folds import decode_events, interleave, project_events

PINNED = "2025-01-20"


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["monitoring"]


async def project_and_compute(database: Database, events: list[Event], as_of: str = PINNED) -> dict[str, Any]:
    await project_events(database, decode_events(events))
    return await compute(database, as_of)


async def compute(database: Database, as_of: str) -> dict[str, Any]:
    async with database.transaction() as transaction:
        return as_json(await load_programme_inputs(transaction, PROGRAMME, on(as_of)))


def awarded_case(name: str, due: str | None = None, done: str | None = None) -> list[Event]:
    """Return the events of a case that holds an award, with its last milestone due or achieved."""
    events: list[Event] = [applied(name), selected(name), agreed(name)]
    if due:
        events.append(scheduled(name, due))
    if done:
        events.append(achieved(name, due or done, done))
    return events


@pytest.mark.parametrize(
    ("due", "about_to"),
    [("2025-01-19", 0), ("2025-01-20", 1), ("2025-02-19", 1), ("2025-02-20", 0)],
    ids=["due yesterday", "due today", "due in 30 days", "due in 31 days"],
)
async def test_about_to_complete_is_due_within_0_to_30_days_inclusive(
    database: Database, due: str, about_to: int
) -> None:
    figures = await project_and_compute(database, [published(), opened(), *awarded_case("A", due=due)])

    assert figures["rounds"]["2024"]["about_to_complete"] == about_to
    assert figures["rounds"]["2024"]["completed"] == 0


async def test_a_completed_case_is_not_about_to_complete_as_well(database: Database) -> None:
    figures = await project_and_compute(
        database, [published(), *awarded_case("A", due="2025-01-25", done="2025-01-18")]
    )

    row = figures["rounds"]["2024"]
    assert (row["completed"], row["about_to_complete"], row["completed_or_about_to"]) == (1, 0, 1)


async def test_completed_counts_from_its_day_on(database: Database) -> None:
    await project_events(
        database, decode_events([published(), *awarded_case("A", due="2025-01-10", done="2025-01-10")])
    )

    before, after = await compute(database, "2025-01-09"), await compute(database, "2025-01-10")

    assert before["companies"]["2024"] == {"completed": 0, "in_progress": 1}
    assert after["companies"]["2024"] == {"completed": 1, "in_progress": 0}


async def test_a_relinquished_award_is_not_counted_and_its_promoted_reserve_is(database: Database) -> None:
    events = [
        published(),
        opened(),
        *awarded_case("A"),
        applied("B"),
        reserved("B"),
        abandoned("A", "2024-09-10"),
        selected("B", "2024-09-10", via="reserve"),
    ]
    await project_events(database, decode_events(events))

    before, after = await compute(database, "2024-09-09"), await compute(database, "2024-09-10")

    def counts(figures: dict[str, Any]) -> tuple[int, ...]:
        row = figures["rounds"]["2024"]
        return row["applied"], row["selected"], row["reserved"], row["abandoned"], row["agreed"]

    assert counts(before) == (2, 1, 1, 0, 1)
    assert counts(after) == (2, 1, 0, 1, 0)


async def test_percent_is_rounded_half_up(database: Database) -> None:
    done = [*awarded_case("A", done="2024-12-01")]
    others = [event for name in "BCDEFGH" for event in awarded_case(name)]

    figures = await project_and_compute(database, [published(), *done, *others])

    assert figures["rounds"]["2024"]["percent"] == 13  # 1 of 8 is 12.5 %


async def test_companies_are_counted_by_year_range_of_their_record(database: Database) -> None:
    events = [
        published(),
        *(recorded(name, (2019, 2021), "completed") for name in "ABC"),
        recorded("D", (2021, 2021), "in_progress"),
        *awarded_case("E"),
    ]

    figures = await project_and_compute(database, events)

    assert figures["companies"] == {
        "2019-2021": {"completed": 3, "in_progress": 0},
        "2021": {"completed": 0, "in_progress": 1},
        "2024": {"completed": 0, "in_progress": 1},
    }


async def test_newly_planned_companies_are_listed_beside_those_of_the_year(database: Database) -> None:
    plan = [
        {"year": 2024, "newly": True, "count": 8},
        {"year": 2024, "newly": True, "track": "JS1", "count": 5},
    ]

    figures = await project_and_compute(database, [published(planned_companies=plan), *awarded_case("A")])

    assert figures["companies"]["2024"] == {"completed": 0, "in_progress": 1, "planned_new": 8}
    assert figures["tracks"]["JS1"]["companies"]["2024"]["planned_new"] == 5
    assert figures["tracks"]["JS2"] == {"name": "기초 2"}


async def test_a_new_version_of_the_plan_counts_from_its_day_on(database: Database) -> None:
    plan = [
        {"count": 300},
        {"year": 2025, "track": "JS1", "count": 22},
        {"year": 2025, "track": "JS2", "count": 45},
    ]
    await project_events(
        database, decode_events([published(), published("2025-01-15", 2, planned_companies=plan)])
    )

    before, after = await compute(database, "2025-01-14"), await compute(database, PINNED)

    assert "companies_planned" not in before
    assert "rounds" not in before
    assert after["companies_planned"] == 300
    assert after["rounds"]["2025"] == {"planned": 67, "by_track": {"JS1": 22, "JS2": 45}}


async def test_plan_that_comes_back_counts_from_its_return(database: Database) -> None:
    plan = [{"year": 2025, "newly": True, "count": 12}]
    versions = [
        published("2024-01-03", 1, planned_companies=plan),
        published("2024-03-05", 2),
        published("2025-02-05", 3, planned_companies=plan),
        published("2025-03-05", 4, planned_companies=plan, last_year=2027),
    ]
    await project_events(database, decode_events(versions))

    async with database.transaction() as transaction:
        days = ("2024-02-01", "2024-04-01", "2025-02-05", "2025-04-01")
        inputs = [await load_programme_inputs(transaction, PROGRAMME, on(day)) for day in days]

    since = [each.plan_since for each in inputs]
    assert since == [on("2024-01-03"), on("2024-03-05"), on("2025-02-05"), on("2025-02-05")]


async def test_total_below_the_tracks_of_the_year_does_not_lower_the_plan(database: Database) -> None:
    plan = [{"year": 2025, "track": track, "count": count} for track, count in (("JS1", 50), ("JS2", 40))]

    figures = await project_and_compute(
        database, [published(planned_companies=[*plan, {"year": 2025, "count": 5}])]
    )

    assert figures["rounds"]["2025"]["planned"] == 90


@pytest.mark.parametrize(
    ("plan", "public"),
    [
        ({"2024": 3_000}, 2_400_000_000),
        ({"2024H1": 2_000}, 1_600_000_000),
        ({"2024H1": 2_000, "2024H2": 1_000}, 2_400_000_000),
        ({"2024": 3_000, "2024H1": 2_000}, 2_400_000_000),
    ],
)
async def test_execution_is_compared_with_the_plan_of_the_whole_year(
    database: Database, plan: dict[str, int], public: int
) -> None:
    events = [published(plan=a_plan(plan)), *awarded_case("A"), committed("A")]
    await project_events(database, decode_events(events))

    async with database.transaction() as transaction:
        row = execution(await load_programme_inputs(transaction, PROGRAMME, on(PINNED)))

    assert row is not None
    assert (row.fiscal_year, row.rows[0].planned.value) == (2024, public)


async def test_tracks_and_municipalities_split_the_same_cases(database: Database) -> None:
    events = [
        published(),
        opened(),
        *awarded_case("A", due="2025-02-01"),
        applied("B", track="JS2", municipality="52140"),
    ]

    figures = await project_and_compute(database, events)

    row = figures["rounds"]["2024"]
    assert (row["applied"], row["quota"]) == (2, 3)
    assert row["tracks"]["JS1"]["selected"] == 1
    assert row["tracks"]["JS2"] | {"applied": 1, "quota": 1, "selected": 0} == row["tracks"]["JS2"]
    assert figures["municipalities"] == {
        "count": 2,
        "rows": {
            "52130": {"applied": 1, "selected": 1, "completed_or_about_to": 1},
            "52140": {"applied": 1, "selected": 0, "completed_or_about_to": 0},
        },
    }


async def test_invested_before_the_term_is_past_spending_of_earlier_years(database: Database) -> None:
    before, within = split(6_000_000, RATIO, Funder.SELF), split(500_000, RATIO, Funder.SELF)

    figures = await project_and_compute(
        database, [published(), booked("A", 2021, before), booked("B", 2022, within, "2022-05-01")]
    )

    assert figures["invested_before_term"] == {
        "all": 6_000_000,
        "national": 3_000_000,
        "province": 600_000,
        "city": 1_200_000,
        "self": 1_200_000,
    }
    assert figures["executed"]["2022"]["public"] == 400_000
    assert figures["executed"]["2021"]["self"] == 1_200_000


async def test_the_total_is_invested_plus_planned_and_checked_against_the_ratios(database: Database) -> None:
    past = split(6_000_000_000, RATIO, Funder.SELF)

    figures = await project_and_compute(database, [published(), booked("A", 2021, past)])

    assert figures["total"]["all"] == 12_000_000_000
    assert figures["total"]["national"] == 6_000_000_000
    assert figures["term_plan"]["all"] == {
        "subtotal": 6_000_000_000,
        "2022": 2_000_000_000,
        "2023": 2_000_000_000,
        "2026H1": 2_000_000_000,
    }
    assert figures["term_plan"]["city"]["2026H1"] == 400_000_000
    assert figures["checked"] == {"ratios": True}
    assert "after_term" not in figures


async def test_money_that_does_not_follow_the_ratios_fails_the_check(database: Database) -> None:
    figures = await project_and_compute(database, [published(), booked("A", 2021, {Funder.CITY: 1_000_000})])

    assert figures["checked"] == {"ratios": False}


async def test_a_plan_without_periods_and_funders_gives_the_total_alone(database: Database) -> None:
    plan = [{"period": "unsplit", "funder": "unsplit", "amount_krw": 30_500_000_000}]

    figures = await project_and_compute(database, [published(plan=plan, term_from=None)])

    assert figures["total"] == {"all": 30_500_000_000}
    assert figures["money_planned"] == 30_500_000_000
    assert {"term_plan", "invested_before_term", "after_term", "checked"}.isdisjoint(figures)


async def test_commitments_and_payments_count_in_their_fiscal_year_as_of_their_day(
    database: Database,
) -> None:
    released_later = released("A", "2024-12-01", 15_000_000)
    await project_events(database, decode_events([published(), *a_case("A"), released_later]))

    early, late = await compute(database, "2024-08-08"), await compute(database, PINNED)

    assert early["committed"]["2024"]["city"] == 40_000_000
    none = {"national": 0, "province": 0}
    assert early["executed"]["2024"] == none | {"city": 0, "self": 20_000_000, "public": 0}
    committed_now = {"all": 45_000_000, "city": 25_000_000, "self": 20_000_000, "public": 25_000_000}
    assert late["committed"]["2024"] == none | committed_now
    paid_now = {"city": 20_000_000, "self": 20_000_000, "public": 20_000_000}
    assert late["executed"]["2024"] == none | paid_now


async def test_a_begun_year_with_commitments_and_no_payment_has_executed_zero(database: Database) -> None:
    figures = await project_and_compute(database, [published(), committed("A", krw=40_000_000)], "2024-08-01")

    assert figures["executed"]["2024"]["public"] == 0


async def test_funders_are_in_the_order_of_the_documents(database: Database) -> None:
    figures = await project_and_compute(database, [published(), committed("A")])

    order = ["all", "national", "province", "city", "self"]
    assert list(figures["total"]) == list(figures["term_plan"]) == order
    assert list(figures["committed"]["2024"]) == [*order, "public"]


async def test_an_indicator_counts_yearly_agreements_by_their_day(database: Database) -> None:
    await project_events(
        database,
        decode_events([published(), round_agreed(2022, "2022-02-01"), round_agreed(2023, "2023-02-01")]),
    )

    early, late = await compute(database, "2022-06-30"), await compute(database, "2023-06-30")

    assert early["kpi"]["achieved"] == {"2022": 1}
    assert (late["kpi"]["achieved"], late["kpi"]["achieved_total"]) == ({"2022": 1, "2023": 1}, 2)
    assert (late["kpi"]["target"], late["kpi"]["yearly"]["2026"]) == (5, 1)


async def test_the_newest_stated_progress_of_the_day_is_shown(database: Database) -> None:
    await project_events(
        database, decode_events([published(), progress(20, "2022-03-31"), progress(30, "2022-06-30")])
    )

    early, late = await compute(database, "2022-06-29"), await compute(database, "2022-06-30")

    assert early["pledge"]["progress_percent"] == 20
    assert late["pledge"] == {
        "id": "strong-firms",
        "progress_percent": 30,
        "reported_by": "투자유치과",
        "occurred_on": "2022-06-30",
    }


async def test_a_company_that_is_visited_often_counts_once(database: Database) -> None:
    events = [
        published(),
        *awarded_case("A"),
        *awarded_case("B"),
        visited("A"),
        visited("A", "2024-09-02"),
        visited("B"),
    ]

    figures = await project_and_compute(database, events)

    assert figures["mentors"] == {"count": 30, "companies_visited": 2}


async def test_a_late_entry_changes_the_past(database: Database) -> None:
    await project_events(database, decode_events([published(), *awarded_case("A")]))
    first = await compute(database, "2024-06-30")

    await project_events(database, decode_events([published(), *awarded_case("A"), *awarded_case("B")])[4:])

    assert first["companies"]["2024"]["in_progress"] == 1
    assert (await compute(database, "2024-06-30"))["companies"]["2024"]["in_progress"] == 2


async def test_a_proposal_is_a_programme_that_consults_municipalities(database: Database) -> None:
    definition = a_definition()
    proposal = {
        name: getattr(definition, name) for name in ("programme_id", "name_ko", "name_en", "short_ko")
    }
    consulted = {"municipalities": [{"code": "44130"}, {"code": "44150"}], "funders": ["province", "city"]}
    other = {"short_en": "T", "office_ko": "도", "office_en": "P", "region": "44", "year": 2023}
    texts = {"executing_agency_ko": "테크노파크", "reason_ko": "까닭"}
    event = ProgrammeProposed.model_validate(
        {
            "programme_id": PROGRAMME,
            "proposal": proposal | consulted | other | texts,
            "occurred_on": "2022-12-12",
        }
    )

    figures = await project_and_compute(database, [event], "2022-12-30")

    assert (figures["stage"], figures["municipalities"]) == ("consultation", {"count": 2})


async def test_a_programme_unknown_on_the_day_is_refused_with_an_explanation(database: Database) -> None:
    await project_events(database, decode_events([published()]))

    with pytest.raises(NotFound, match="programme_unknown") as refusal:
        await compute(database, "2022-01-02")

    assert "사업 목록" in refusal.value.ko


async def test_every_programme_known_on_the_day_is_listed(database: Database) -> None:
    await project_events(database, decode_events([published(), registered("A")]))

    async with database.transaction() as transaction:
        listed = await load_all_inputs(transaction, date(2025, 1, 20))

    assert [inputs.programme_id for inputs in listed] == [PROGRAMME]


async def test_any_order_of_arrival_gives_the_same_figures(database: Database, databases: Databases) -> None:
    history = decode_events(
        [published(), opened(), *a_case("A"), *a_case("B"), *awarded_case("C", due="2025-02-01")]
    )
    await project_events(database, history)
    in_order = await compute(database, PINNED)
    await real.delete_all_rows()

    await project_events(database, interleave(history, seed=7))

    assert await compute(database, PINNED) == in_order
    assert in_order["rounds"]["2024"]["completed_or_about_to"] == 3
