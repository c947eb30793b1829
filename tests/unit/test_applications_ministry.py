"""Selections of the ministry: each opens a decided case in a matching top-up round."""

from datetime import date
from typing import Any

import pytest

from services.applications.cases import domain as cases
from services.applications.cases.domain import Project
from services.applications.selection import domain as selection
from shared.events.definition import Definition
from shared.values.money import Funder
from tests.unit.applications_builders import (
    A_DAY,
    CLOSES_ON,
    IN_WINDOW,
    OPENS_ON,
    a_company,
    a_definition,
    a_ministry_selection,
    a_round,
    a_top_up,
    refused,
)

TOP_UP_ROUND = {"id": "gimcheon-2022", "programme_id": "gimcheon-smart-factory", "quota": {}}


def test_a_ministry_selection_opens_a_decided_case() -> None:
    case, event = cases.open_for_ministry(
        a_round(**TOP_UP_ROUND),
        a_top_up(),
        a_company(municipality="47150"),
        Project(None, 100_000_000),
        receipt_number="GSF-2022-0001-61",
        on=IN_WINDOW,
    )

    assert (case.via, case.status, event.via) == ("ministry", "decided", "ministry")
    assert event.requested_krw[Funder.NATIONAL] == 50_000_000


@pytest.mark.parametrize(
    ("rule", "definition", "changes", "round"),
    [
        ("round_of_another_programme", a_top_up(), {"programme_id": "another"}, {}),
        ("entry_not_top_up", a_definition(), {}, {}),
        ("round_window", a_top_up(), {"occurred_on": OPENS_ON - A_DAY}, {}),
        ("round_window", a_top_up(), {"occurred_on": CLOSES_ON + A_DAY}, {"status": "closed"}),
    ],
)
def test_a_ministry_selection_must_fit_the_round(
    rule: str, definition: Definition, changes: dict[str, Any], round: dict[str, Any]
) -> None:
    with refused(rule):
        selection.refuse_mismatched_selection(
            a_round(**TOP_UP_ROUND | round), definition, a_ministry_selection(**changes)
        )


def test_a_ministry_selection_is_taken_as_long_as_the_round_is_open() -> None:
    late = a_ministry_selection(occurred_on=CLOSES_ON + A_DAY)

    selection.refuse_mismatched_selection(a_round(**TOP_UP_ROUND), a_top_up(), late)


@pytest.mark.parametrize(("on", "status"), [(OPENS_ON, "open"), (CLOSES_ON, "closed")])
def test_a_ministry_selection_may_be_of_the_first_and_of_the_last_day(on: date, status: str) -> None:
    selection.refuse_mismatched_selection(
        a_round(**TOP_UP_ROUND, status=status), a_top_up(), a_ministry_selection(occurred_on=on)
    )
