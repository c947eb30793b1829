"""Tiles of cases: their sum up to a day counts what each case is on that day, whatever its dates are."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.projections.case_tiles import (
    COUNTED,
    COUNTS,
    Dates,
    agreement_tiles,
    case_tiles,
    place_tiles,
    with_steps,
)

FIRST = date(2024, 1, 1)
SPAN = 60  # days, so that dates meet and cross

SAME: dict[str, Any] = {
    "programme_id": "p",
    "year_from": 2024,
    "year_to": 2024,
    "municipality": "52130",
    "ends_on": "2024-12-31",
}

days = st.one_of(st.none(), st.integers(0, SPAN).map(lambda n: (FIRST + timedelta(n)).isoformat()))
cases = st.fixed_dictionaries(
    {name: days for name in Dates._fields if name != "record_status"}
    | {
        "record_status": st.sampled_from([None, "completed", "in_progress"]),
        "round_id": st.sampled_from([None, "round"]),
        "self_krw": st.sampled_from([None, 0, 20_000_000]),
        "starts_on": days,
    }
).map(lambda drawn: dict.fromkeys(COUNTED) | SAME | drawn)


def on_the_day(case: Mapping[str, Any], on: str) -> dict[str, bool]:
    """What a case is, each rule as it is said; a day that is not known has not come."""

    def by(name: str) -> bool:
        return case[name] is not None and case[name] <= on

    held = by("recorded_on") or (by("selected_on") and not by("lost_on"))
    waits = by("reserved_on") and not (by("selected_on") or by("withdrawn_on") or by("lost_on"))
    done = by("completed_on") or case["record_status"] == "completed"
    known = by("applied_on") or held
    return {
        "applied": by("applied_on"),
        "reserved": waits and known,
        "selected": held,
        "agreed": held and by("agreed_on"),
        "abandoned": by("lost_on") and known,
        "completed": held and done,
        "about_to": held and not done and is_due(case["final_due_on"], on),
    }


def is_due(due_on: str | None, on: str) -> bool:
    return due_on is not None and 0 <= (date.fromisoformat(due_on) - date.fromisoformat(on)).days <= 30


every_day = [(FIRST + timedelta(n)).isoformat() for n in range(-32, SPAN + 3)]


def up_to(tiles: Mapping[Any, Any], on: str) -> Counter[int]:
    """The sums of the columns, by their place."""
    found: Counter[int] = Counter()
    for key, amounts in tiles.items():
        if key[-1] <= on:
            found.update(dict(enumerate(amounts)))
    return found


@given(case=cases)
@settings(max_examples=400, deadline=None)
def test_the_sum_of_tiles_up_to_a_day_is_what_the_case_is_on_that_day(case: dict[str, Any]) -> None:
    tiles = case_tiles(with_steps(case))

    for on in every_day:
        found, wanted = up_to(tiles, on), on_the_day(case, on)
        assert {name: found[place] for place, name in enumerate(COUNTS)} == wanted, on
        assert found[len(COUNTS)] == wanted["agreed"] * (case["self_krw"] or 0), on


@given(case=cases)
@settings(max_examples=200, deadline=None)
def test_a_places_and_an_agreements_tiles_count_cases_of_rounds_alone(case: dict[str, Any]) -> None:
    case = with_steps(case)
    places, agreements = place_tiles(case), agreement_tiles(case)

    for on in every_day:
        wanted = on_the_day(case, on)
        finished = wanted["completed"] or wanted["about_to"]
        at_place = [wanted["applied"], wanted["selected"], finished] if case["round_id"] else [False] * 3
        runs = wanted["agreed"] and bool(case["round_id"] and case["starts_on"])
        assert [up_to(places, on)[n] for n in range(3)] == at_place, on
        assert up_to(agreements, on)[0] == runs, on


@given(case=cases)
def test_a_case_that_is_not_known_yet_adds_nothing(case: dict[str, Any]) -> None:
    unknown = case | {"programme_id": None}

    assert not case_tiles(unknown)
    assert not place_tiles(unknown)
    assert not agreement_tiles(unknown)
