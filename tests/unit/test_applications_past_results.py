"""Rules of past results: consistent content, and the same content when received again."""

from datetime import date
from typing import Any

import pytest

from services.applications.past_results import domain as past_results
from tests.unit.applications_builders import a_legacy_case, a_top_up, refused


def test_a_past_result_keeps_its_amounts_by_funder() -> None:
    row, event = past_results.record(a_top_up(), "legacy", a_legacy_case())

    assert event.amounts_krw == {"national": 50_000_000, "city": 20_000_000}
    assert (event.case_id, event.system, row.recorded_on) == (row.id, "legacy", date(2019, 12, 31))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("record_years", {"year_from": 2020}),
        ("record_years", {"year_to": 2020}),
        ("municipality_unknown", {"municipality": "99999"}),
        ("track_unknown", {"track": "JS1"}),
    ],
)
def test_an_inconsistent_past_result_is_refused(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        past_results.record(a_top_up(), "legacy", a_legacy_case(**changes))


def test_a_past_result_may_name_the_region_instead_of_a_municipality() -> None:
    _, event = past_results.record(a_top_up(region="44"), "legacy", a_legacy_case(municipality="44"))

    assert event.municipality == "44"


def test_a_past_result_received_again_must_have_the_same_content() -> None:
    before, _ = past_results.record(a_top_up(), "legacy", a_legacy_case())
    same, _ = past_results.record(a_top_up(), "legacy", a_legacy_case())
    other, _ = past_results.record(a_top_up(), "legacy", a_legacy_case(amounts_krw={"city": 1}))

    past_results.refuse_changed_content(before, same)
    with refused("record_contradicts"):
        past_results.refuse_changed_content(before, other)
