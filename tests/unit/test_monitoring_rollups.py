"""Rollups of cases: their sum up to a day counts the state of each case on that day, whatever its dates are."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.projections.case_rollups import (
    DATES,
    ROLLUP_INPUTS,
    agreement_contributions,
    case_contributions,
    municipality_contributions,
    with_transitions,
)
from services.monitoring.projections.case_states import COUNTS

FIRST = date(2024, 1, 1)
DAYS = 60  # days, so that dates meet and cross

FIXED: dict[str, Any] = {
    "programme_id": "p",
    "year_from": 2024,
    "year_to": 2024,
    "municipality": "52130",
    "ends_on": "2024-12-31",
}

days = st.one_of(st.none(), st.integers(0, DAYS).map(lambda n: (FIRST + timedelta(n)).isoformat()))
cases = st.fixed_dictionaries(
    {name: days for name in DATES if name != "record_status"}
    | {
        "record_status": st.sampled_from([None, "completed", "in_progress"]),
        "round_id": st.sampled_from([None, "round"]),
        "self_krw": st.sampled_from([None, 0, 20_000_000]),
        "starts_on": days,
    }
).map(lambda drawn: dict.fromkeys(ROLLUP_INPUTS) | FIXED | drawn)


def states_on(case: Mapping[str, Any], on: str) -> dict[str, bool]:
    """Return the states of a case by the rules as stated; a missing date has not come."""

    def by(name: str) -> bool:
        return case[name] is not None and case[name] <= on

    award = by("recorded_on") or (by("selected_on") and not by("relinquished_on"))
    reserve = by("reserved_on") and not (by("selected_on") or by("withdrawn_on") or by("relinquished_on"))
    done = by("completed_on") or case["record_status"] == "completed"
    exists = by("applied_on") or award
    return {
        "applied": by("applied_on"),
        "reserved": reserve and exists,
        "selected": award,
        "agreed": award and by("agreed_on"),
        "abandoned": by("relinquished_on") and exists,
        "completed": award and done,
        "about_to": award and not done and is_due(case["final_due_on"], on),
    }


def is_due(due_on: str | None, on: str) -> bool:
    return due_on is not None and 0 <= (date.fromisoformat(due_on) - date.fromisoformat(on)).days <= 30


every_day = [(FIRST + timedelta(n)).isoformat() for n in range(-32, DAYS + 3)]


def sum_up_to(contributions: Mapping[Any, Any], on: str) -> Counter[int]:
    """Return the sums of the columns, by their position."""
    sums: Counter[int] = Counter()
    for key, amounts in contributions.items():
        if key[-1] <= on:
            sums.update(dict(enumerate(amounts)))
    return sums


@given(case=cases)
@settings(max_examples=400, deadline=None)
def test_the_sum_of_contributions_up_to_a_day_is_the_state_of_the_case_on_that_day(
    case: dict[str, Any],
) -> None:
    contributions = case_contributions(with_transitions(case))

    for on in every_day:
        sums, expected = sum_up_to(contributions, on), states_on(case, on)
        assert {name: sums[index] for index, name in enumerate(COUNTS)} == expected, on
        assert sums[len(COUNTS)] == expected["agreed"] * (case["self_krw"] or 0), on


@given(case=cases)
@settings(max_examples=200, deadline=None)
def test_rollups_of_municipalities_and_agreements_count_cases_of_rounds_alone(case: dict[str, Any]) -> None:
    case = with_transitions(case)
    municipalities, agreements = municipality_contributions(case), agreement_contributions(case)

    for on in every_day:
        states = states_on(case, on)
        finished = states["completed"] or states["about_to"]
        counts = [states["applied"], states["selected"], finished] if case["round_id"] else [False] * 3
        in_force = states["agreed"] and bool(case["round_id"] and case["starts_on"])
        assert [sum_up_to(municipalities, on)[n] for n in range(3)] == counts, on
        assert sum_up_to(agreements, on)[0] == in_force, on


@given(case=cases)
def test_a_case_without_a_programme_contributes_nothing(case: dict[str, Any]) -> None:
    unknown = case | {"programme_id": None}

    assert not case_contributions(unknown)
    assert not municipality_contributions(unknown)
    assert not agreement_contributions(unknown)
