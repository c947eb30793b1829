"""The rules of past results: what can be taken over, and that it is told the same again."""

from datetime import date
from typing import Any

import pytest

from services.applications.past_results import domain as records
from tests.unit.applications_builders import a_record, a_top_up, refused


def test_a_past_result_keeps_its_amounts_by_funder() -> None:
    row, said = records.record(a_top_up(), "legacy", a_record())

    assert said.amounts_krw == {"national": 50_000_000, "city": 20_000_000}
    assert (said.case_id, said.system, row.recorded_on) == (row.id, "legacy", date(2019, 12, 31))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("record_years", {"year_from": 2020}),
        ("record_years", {"year_to": 2020}),
        ("municipality_unknown", {"municipality": "99999"}),
        ("track_unknown", {"track": "JS1"}),
    ],
)
def test_a_past_result_that_cannot_be_is_refused(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        records.record(a_top_up(), "legacy", a_record(**changes))


def test_a_past_result_may_know_no_more_than_the_region() -> None:
    _, said = records.record(a_top_up(region="44"), "legacy", a_record(municipality="44"))

    assert said.municipality == "44"


def test_a_record_told_again_must_say_the_same() -> None:
    before, _ = records.record(a_top_up(), "legacy", a_record())
    same, _ = records.record(a_top_up(), "legacy", a_record())
    other, _ = records.record(a_top_up(), "legacy", a_record(amounts_krw={"city": 1}))

    records.refuse_other_content(before, same)
    with refused("record_contradicts"):
        records.refuse_other_content(before, other)
