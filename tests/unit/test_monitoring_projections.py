"""Folds: the changes of each event, and independence of the order in which topics arrive."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.projections import cases, messages, money, money_events, timeline, tranches
from services.monitoring.projections.catalogue import affected_programme
from shared.events import Event
from shared.events.catalogue import events
from shared.messaging.kafka import EXTERNAL_TOPIC_PREFIX
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
from tests.unit.monitoring_folds import ALL_PROJECTIONS, decode_events, fold_all, fold_projection, interleave

HISTORY: list[Event] = [
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


def row_of(projection: Any, name: str) -> dict[str, Any]:
    row: dict[str, Any] = fold_projection(projection, decode_events(HISTORY))[(str(an_id(f"case {name}")),)]
    return row


@given(seed=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_any_order_of_arrival_that_keeps_each_keys_order_gives_the_same_state(seed: int) -> None:
    in_order = decode_events(HISTORY)

    shuffled = fold_all(interleave(in_order, seed))

    assert shuffled == fold_all(in_order)


def test_a_fold_writes_the_columns_of_its_events_topic_alone() -> None:
    for projection in (item for item in ALL_PROJECTIONS if isinstance(item, RowProjection)):
        for collector in projection.collectors():
            for event in (event for event in decode_events(HISTORY) if event.type in collector.by_type):
                collector.add_missing([event])

                state = collector.fold(event)

                assert state.keys() == collector.blank.keys(), (projection.name, event.type)


def test_columns_of_a_second_topic_must_be_named() -> None:
    unnamed = replace(cases.PROJECTION, columns_by_topic={})

    with pytest.raises(ValueError, match="columns_by_topic lacks"):
        unnamed.collectors()


def test_the_timeline_has_every_event_type_but_the_dead_letter_event() -> None:
    names = {event.name for event in timeline.PROJECTION.rows}

    ours = {event.name for event in events() if not event.topic.startswith(EXTERNAL_TOPIC_PREFIX)}
    assert names == ours - {"record.dead_lettered.v1"}
    assert {event.type() for event in HISTORY} <= set(timeline.PROJECTION.by_type)


def test_a_case_row_has_the_date_of_each_event() -> None:
    row = row_of(cases.PROJECTION, "A")

    assert row["applied_on"] == "2024-03-20"
    assert (row["screened_on"], row["eligible"]) == ("2024-04-10", True)
    assert (row["selected_on"], row["via"], row["score"]) == ("2024-05-01", "ranking", "250/3")
    assert (row["final_due_on"], row["completed_on"]) == ("2025-01-15", "2025-01-10")
    assert (row["total_krw"], row["national_krw"], row["self_krw"]) == (100_000_000, 50_000_000, 20_000_000)


def test_a_promoted_reserve_has_the_dates_of_reserve_award_and_relinquishment() -> None:
    row = row_of(cases.PROJECTION, "C")

    assert (row["reserved_on"], row["selected_on"], row["relinquished_on"]) == (
        "2024-05-01",
        "2024-06-01",
        "2024-10-01",
    )
    assert row["via"] == "reserve"


def test_a_recorded_case_has_its_years_and_amounts() -> None:
    row = row_of(cases.PROJECTION, "R")

    assert (row["year_from"], row["year_to"], row["record_status"]) == (2019, 2021, "completed")
    assert (row["total_krw"], row["city_krw"], row["national_krw"]) == (5_000_000, 5_000_000, None)


def test_a_released_commitment_is_subtracted_on_its_own_day() -> None:
    amounts = fold_projection(
        money.PROJECTION, decode_events([committed("C"), released("C", "2024-10-01", 15_000_000)])
    )

    city = (PROGRAMME, "committed", 2024, "city", "")
    assert amounts == {(*city, "2024-07-15"): 40_000_000, (*city, "2024-10-01"): -15_000_000}


def test_each_event_behind_a_sum_is_counted_once() -> None:
    shares = {Funder.CITY: 5, Funder.SELF: 1}
    events = decode_events([booked("A", 2019, shares), booked("B", 2019, shares)])

    amounts = fold_projection(money_events.PROJECTION, events)

    assert amounts == {(PROGRAMME, "past", 2019, "2021-12-31"): 2}


def test_a_tranche_row_has_every_step_with_its_actor() -> None:
    row = fold_projection(tranches.PROJECTION, decode_events(HISTORY))[(str(an_id("case A")), 1)]

    assert [step["state"] for step in row["steps"]][-5:] == [
        "failed",
        "requested",
        "approved",
        "instructed",
        "disbursed",
    ]
    assert [step["by"] for step in row["steps"]][2:5] == ["K-1", "J-1", "P-1"]
    assert (row["state"], row["milestone"], row["city_krw"]) == ("disbursed", "kickoff", 20_000_000)


def test_a_message_row_has_the_dates_of_sending_and_delivery() -> None:
    row = fold_projection(messages.PROJECTION, decode_events(HISTORY))[(str(an_id("message A")),)]

    assert (row["sent_on"], row["delivered_on"], row["unknown_on"]) == ("2024-05-01", "2024-05-01", None)


def test_a_fold_does_not_mutate_its_input_state() -> None:
    for projection in (item for item in ALL_PROJECTIONS if isinstance(item, RowProjection)):
        for collector in projection.collectors():
            for event in (event for event in decode_events(HISTORY) if event.type in collector.by_type):
                collector.add_missing([event])
                before = dict(collector.states[projection.key(event)])

                collector.fold(event)

                assert collector.states[projection.key(event)] == before


def test_a_case_event_affects_its_programme_and_a_company_event_none() -> None:
    programmes = [affected_programme(event) for event in decode_events([published(), *a_case("A")[:1]])]

    assert programmes == [PROGRAMME, None]
