"""Rules of a round: conditions of opening, its window, and the order of its steps."""

from datetime import date
from typing import Any

import pytest

from services.applications.rounds import domain as rounds
from tests.unit.applications_builders import (
    A_DAY,
    CLOSES_ON,
    IN_WINDOW,
    OPENS_ON,
    SELECTED_ON,
    a_definition,
    a_round,
    a_top_up,
    refused,
)


def an_announcement(**changes: Any) -> rounds.Announcement:
    fields: dict[str, Any] = {
        "round_id": "jeonbuk-2024",
        "programme_id": "jeonbuk-smart-factory",
        "year": 2024,
        "name_ko": "2024년 공고",
        "opens_on": OPENS_ON,
        "closes_on": CLOSES_ON,
        "quota": {"JS1": 40, "JS2": 20},
    }
    return rounds.Announcement(**fields | changes)


def test_a_round_keeps_the_version_under_which_it_was_opened() -> None:
    row, opened = rounds.open_round(an_announcement(), 3, a_definition(), OPENS_ON)

    assert (row.version, opened.quota) == (3, {"JS1": 40, "JS2": 20})


@pytest.mark.parametrize(
    ("rule", "announcement", "definition"),
    [
        ("quota_tracks", {"quota": {"JS9": 1}}, {}),
        ("quota_tracks", {"quota": {"all": 1}}, {}),
        ("quota_tracks", {"quota": {}}, {}),
        ("quota_tracks", {"quota": {"JS1": 1}}, {"tracks": []}),
        ("round_window", {"closes_on": OPENS_ON - A_DAY}, {}),
        ("round_year", {"year": 2027}, {}),
        ("definition_incomplete", {}, {"review": None}),
        ("definition_incomplete", {}, {"funders": {}, "remainder_to": None, "max_support": None}),
    ],
)
def test_a_round_that_does_not_fit_its_definition_is_not_opened(
    rule: str, announcement: dict[str, Any], definition: dict[str, Any]
) -> None:
    with refused(rule):
        rounds.open_round(an_announcement(**announcement), 1, a_definition(**definition), OPENS_ON)


@pytest.mark.parametrize("year", [2024, 2026])
def test_a_round_of_one_day_is_opened_in_the_first_and_in_the_last_year(year: int) -> None:
    announcement = an_announcement(year=year, closes_on=OPENS_ON)

    row, _ = rounds.open_round(announcement, 1, a_definition(), OPENS_ON)

    assert (row.year, row.closes_on) == (year, OPENS_ON)


def test_a_programme_of_past_results_has_no_rounds() -> None:
    history = a_definition(entry="history", funders={}, remainder_to=None, max_support=None)

    with refused("entry_history"):
        rounds.open_round(an_announcement(), 1, history, OPENS_ON)


def test_a_programme_without_tracks_has_one_quota_for_all() -> None:
    _, opened = rounds.open_round(an_announcement(quota={"all": 5}), 1, a_definition(tracks=[]), OPENS_ON)

    assert opened.quota == {"all": 5}


def test_a_top_up_round_may_have_no_quota() -> None:
    _, opened = rounds.open_round(an_announcement(quota={}), 1, a_top_up(), OPENS_ON)

    assert opened.quota == {}


@pytest.mark.parametrize("quota", [{"all": 5}, {"JS1": 5}])
def test_a_top_up_round_has_a_quota_for_all_or_by_track(quota: dict[str, int]) -> None:
    top_up = a_top_up(tracks=[{"id": "JS1", "name_ko": "기초", "name_en": "Basic"}])

    _, opened = rounds.open_round(an_announcement(quota=quota), 1, top_up, OPENS_ON)

    assert opened.quota == quota


def test_a_round_stays_open_to_its_last_day() -> None:
    row = a_round()

    with refused("round_window"):
        rounds.close(row, CLOSES_ON - A_DAY)
    closed = rounds.close(row, CLOSES_ON)

    assert (closed.round_id, row.status) == ("jeonbuk-2024", "closed")


@pytest.mark.parametrize("status", ["open", "decided"])
def test_only_a_closed_round_is_decided(status: str) -> None:
    with refused("round_status"):
        rounds.decide(a_round(status=status), SELECTED_ON)


def test_a_round_is_not_decided_within_its_window() -> None:
    row = a_round(status="closed")

    with refused("round_window"):
        rounds.decide(row, CLOSES_ON - A_DAY)
    rounds.decide(row, CLOSES_ON)

    assert row.status == "decided"


def test_the_agency_agrees_once_per_round() -> None:
    row = a_round()

    agreed = rounds.agree(row, "전북테크노파크", IN_WINDOW)

    assert (agreed.agency_ko, row.agreed_on) == ("전북테크노파크", IN_WINDOW)
    with refused("round_agreed"):
        rounds.agree(row, "다른 기관", IN_WINDOW)


@pytest.mark.parametrize("on", [OPENS_ON - A_DAY, CLOSES_ON + A_DAY])
def test_a_business_date_outside_the_window_is_refused(on: date) -> None:
    with refused("round_window"):
        rounds.refuse_outside_window(a_round(), on)


@pytest.mark.parametrize("on", [OPENS_ON, CLOSES_ON])
def test_a_paper_application_is_entered_late_until_the_selection(on: date) -> None:
    rounds.refuse_outside_window(a_round(status="closed"), on)

    with refused("round_decided"):
        rounds.refuse_outside_window(a_round(status="decided"), on)
