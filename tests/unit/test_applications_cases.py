"""Rules of an application: conditions of applying, screening, withdrawal."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.applications.cases import domain as cases
from services.applications.cases.domain import Project
from services.applications.cases.models import Status
from services.applications.companies.models import State
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.definition import Definition
from tests.unit.applications_builders import (
    A_DAY,
    IN_WINDOW,
    SELECTED_ON,
    a_case,
    a_company,
    a_definition,
    a_round,
    a_top_up,
    refused,
)

PROJECT = Project("JS1", 50_000_000)
REFERENCE_NUMBER = "JSF-2024-0001-54"


def submitted(
    definition: Definition | None = None,
    round: Round | None = None,
    project: Project = PROJECT,
    **company: Any,
) -> Any:
    return cases.submit(
        round or a_round(),
        definition or a_definition(),
        a_company(**company),
        project,
        receipt_number=REFERENCE_NUMBER,
        on=IN_WINDOW,
    )


def test_an_application_asks_each_funder_for_its_exact_share() -> None:
    case, event = submitted(project=Project("JS1", 50_000_001))

    assert event.requested_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_001}
    assert (case.id, case.status, event.via) == (event.case_id, "submitted", "application")
    assert (case.via, case.submitted_on, case.receipt_number) == ("application", IN_WINDOW, REFERENCE_NUMBER)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("track_unknown", {"project": Project("JS9", 1_000_000)}),
        ("track_unknown", {"project": Project(None, 1_000_000)}),
        ("track_unknown", {"definition": a_definition(tracks=[]), "round": a_round(quota={"all": 1})}),
        ("track_not_called", {"round": a_round(quota={"JS2": 1})}),
        ("track_cap", {"project": Project("JS2", 100_000_003)}),
        ("total_needed", {"project": Project("JS1", 0)}),
        ("municipality", {"municipality": "52140"}),
        ("company_closed", {"state": State.CLOSED}),
        ("company_closed", {"state": State.SUSPENDED}),
    ],
)
def test_an_application_that_breaks_a_rule_is_refused_with_its_code(
    rule: str, changes: dict[str, Any]
) -> None:
    with refused(rule):
        submitted(**changes)


def test_a_total_of_one_won_is_enough() -> None:
    case, _ = submitted(project=Project("JS1", 1))

    assert case.total_krw == 1


def test_a_programme_without_tracks_takes_an_application_without_one() -> None:
    case, _ = submitted(a_definition(tracks=[]), a_round(quota={"all": 1}), Project(None, 50_000_000))

    assert case.track is None


def test_a_refusal_names_the_municipality_of_the_company() -> None:
    with pytest.raises(RuleBroken, match=r"^municipality: 익산시\(52140\)"):
        submitted(municipality="52140")


def test_a_cap_limits_the_public_money_of_its_track_only() -> None:
    at_the_cap, _ = submitted(project=Project("JS2", 100_000_000))
    without_cap, _ = submitted(project=Project("JS1", 900_000_000))

    assert (at_the_cap.track, without_cap.track) == ("JS2", "JS1")


def test_a_programme_without_municipalities_takes_companies_from_all() -> None:
    case, _ = submitted(a_definition(municipalities=[]), municipality="47150")

    assert case.municipality == "47150"


def test_a_top_up_programme_takes_no_applications() -> None:
    cases.refuse_top_up(a_definition())

    with refused("entry_top_up"):
        cases.refuse_top_up(a_top_up())


def test_an_ineligible_application_needs_a_reason() -> None:
    case = a_case()

    with refused("reasons_needed"):
        cases.screen(case, eligible=False, reasons=[], on=SELECTED_ON)
    _, screened = cases.screen(case, eligible=False, reasons=["이미 지원받음"], on=SELECTED_ON)

    assert (case.status, screened.reasons) == ("ineligible", ["이미 지원받음"])


def test_a_screening_is_stored_and_announced_with_its_reasons() -> None:
    case = a_case()

    screening, screened = cases.screen(case, eligible=True, reasons=["모두 충족"], on=SELECTED_ON)

    assert case.status == "eligible"
    assert (screening.case_id, screening.eligible, screening.screened_on) == (case.id, True, SELECTED_ON)
    assert screening.reasons == screened.reasons == ["모두 충족"]
    assert (screened.case_id, screened.eligible, screened.occurred_on) == (case.id, True, SELECTED_ON)


@pytest.mark.parametrize("status", [Status.ELIGIBLE, Status.WITHDRAWN, Status.DECIDED])
def test_an_application_is_screened_once_and_not_after_its_withdrawal(status: Status) -> None:
    with refused("case_status"):
        cases.screen(a_case(status=status), eligible=False, reasons=["사유"], on=SELECTED_ON)


def test_an_application_is_not_withdrawn_after_the_selection() -> None:
    before, after = a_case(status=Status.ELIGIBLE), a_case(status=Status.DECIDED)

    withdrawn = cases.withdraw(before, "경영 사정", SELECTED_ON)

    assert (before.status, withdrawn.reason) == ("withdrawn", "경영 사정")
    with refused("withdrawal_too_late"):
        cases.withdraw(after, "경영 사정", SELECTED_ON)


@pytest.mark.parametrize(
    "step",
    [
        lambda case, on: cases.screen(case, eligible=True, reasons=[], on=on),
        lambda case, on: cases.withdraw(case, "경영 사정", on),
    ],
)
def test_no_step_is_dated_before_the_application(step: Callable[[Any, date], Any]) -> None:
    with refused("before_its_cause"):
        step(a_case(), IN_WINDOW - A_DAY)
