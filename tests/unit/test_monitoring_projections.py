"""Folds: what each event changes, and that the order in which topics arrive changes nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.projections import cases, messages, money, money_events, timeline, tranches
from services.monitoring.projections.catalogue import touches
from shared.events import Event
from shared.projections.projection import RowProjection
from shared.values.money import Funder
from tests.unit.monitoring_builders import (
    PROGRAMME,
    a_case,
    abandoned,
    agreed,
    an_id,
    applied,
    booked,
    committed,
    opened,
    progress,
    published,
    recorded,
    released,
    reserved,
    round_agreed,
    selected,
)
from tests.unit.monitoring_folds import EVERY, facts, fold_one, folded, interleaved

STORY: list[Event] = [
    published(),
    opened(),
    round_agreed(2024, "2024-02-01"),
    *a_case("A"),
    *a_case("B"),
    applied("C"),
    reserved("C"),
    selected("C", "2024-06-01", via="reserve"),
    agreed("C"),
    committed("C"),
    abandoned("C", "2024-10-01"),
    released("C", "2024-10-01", 40_000_000),
    recorded("R", (2019, 2021), "completed", {Funder.CITY: 5_000_000}),
    booked("R", 2019, {Funder.CITY: 5_000_000}),
    progress(30, "2024-06-30"),
]


def row(projection: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = fold_one(projection, facts(STORY))[(str(an_id(f"case {name}")),)]
    return found


@given(seed=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_any_merge_order_that_keeps_each_keys_order_gives_the_same_state(seed: int) -> None:
    in_order = facts(STORY)

    shuffled = folded(interleaved(in_order, seed))

    assert shuffled == folded(in_order)


def test_a_fold_writes_the_columns_of_its_events_topic_alone() -> None:
    for projection in (one for one in EVERY if isinstance(one, RowProjection)):
        for collector in projection.collectors():
            for fact in (one for one in facts(STORY) if one.type in collector.by_type):
                collector.add_missing([fact])

                state = collector.fold(fact)

                assert state.keys() == collector.blank.keys(), (projection.name, fact.type)


def test_columns_of_a_second_topic_must_be_named() -> None:
    unnamed = replace(cases.PROJECTION, columns_by_topic={})

    with pytest.raises(ValueError, match="fed_by lacks"):
        unnamed.collectors()


def test_every_event_of_ours_stands_in_the_timeline_but_dead_letters() -> None:
    names = {event.name for event in timeline.PROJECTION.rows}

    assert len(names) == len(timeline.PROJECTION.rows) == 44
    assert "record.dead_lettered.v1" not in names
    assert {event.type() for event in STORY} <= set(timeline.PROJECTION.by_type)


def test_a_case_keeps_the_day_of_each_fact() -> None:
    kept = row(cases.PROJECTION, "A")

    assert kept["applied_on"] == "2024-03-20"
    assert (kept["screened_on"], kept["eligible"]) == ("2024-04-10", True)
    assert (kept["selected_on"], kept["via"], kept["score"]) == ("2024-05-01", "ranking", "250/3")
    assert (kept["final_due_on"], kept["completed_on"]) == ("2025-01-15", "2025-01-10")
    assert (kept["total_krw"], kept["national_krw"], kept["self_krw"]) == (
        100_000_000,
        50_000_000,
        20_000_000,
    )


def test_a_promoted_reserve_keeps_both_days_and_loses_its_place_later() -> None:
    kept = row(cases.PROJECTION, "C")

    assert (kept["reserved_on"], kept["selected_on"], kept["lost_on"]) == (
        "2024-05-01",
        "2024-06-01",
        "2024-10-01",
    )
    assert kept["via"] == "reserve"


def test_a_recorded_case_has_its_years_and_its_amounts() -> None:
    kept = row(cases.PROJECTION, "R")

    assert (kept["year_from"], kept["year_to"], kept["record_status"]) == (2019, 2021, "completed")
    assert (kept["total_krw"], kept["city_krw"], kept["national_krw"]) == (5_000_000, 5_000_000, None)


def test_a_released_commitment_is_taken_away_on_its_own_day() -> None:
    tiles = fold_one(money.PROJECTION, facts([committed("C"), released("C", "2024-10-01", 15_000_000)]))

    city = (PROGRAMME, "committed", 2024, "city", "")
    assert tiles == {(*city, "2024-07-15"): 40_000_000, (*city, "2024-10-01"): -15_000_000}


def test_the_events_behind_a_sum_are_counted_once_each() -> None:
    shares = {Funder.CITY: 5, Funder.SELF: 1}
    given = facts([booked("A", 2019, shares), booked("B", 2019, shares)])

    tiles = fold_one(money_events.PROJECTION, given)

    assert tiles == {(PROGRAMME, "past", 2019, "2021-12-31"): 2}


def test_a_tranche_remembers_every_step_and_who_took_it() -> None:
    kept = fold_one(tranches.PROJECTION, facts(STORY))[(str(an_id("case A")), 1)]

    assert [step["state"] for step in kept["steps"]][-5:] == [
        "failed",
        "requested",
        "approved",
        "instructed",
        "disbursed",
    ]
    assert [step["by"] for step in kept["steps"]][2:5] == ["K-1", "J-1", "P-1"]
    assert (kept["state"], kept["milestone"], kept["city_krw"]) == ("disbursed", "kickoff", 20_000_000)


def test_a_message_keeps_when_it_was_sent_and_delivered() -> None:
    kept = fold_one(messages.PROJECTION, facts(STORY))[(str(an_id("message A")),)]

    assert (kept["sent_on"], kept["delivered_on"], kept["unknown_on"]) == ("2024-05-01", "2024-05-01", None)


def test_a_fold_changes_no_state_that_it_was_given() -> None:
    for projection in (one for one in EVERY if isinstance(one, RowProjection)):
        for collector in projection.collectors():
            for fact in (one for one in facts(STORY) if one.type in collector.by_type):
                collector.add_missing([fact])
                before = dict(collector.states[projection.key(fact)])

                collector.fold(fact)

                assert collector.states[projection.key(fact)] == before


def test_a_fact_touches_its_programme_and_a_companys_none() -> None:
    touched = [touches(one) for one in facts([published(), *a_case("A")[:1]])]

    assert touched == [PROGRAMME, None]
