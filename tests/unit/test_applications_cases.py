"""The rules of an application: who may apply for what, its screening, and its withdrawal."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.applications.cases import domain as cases
from services.applications.cases.domain import Plan
from services.applications.cases.models import Status
from services.applications.companies.models import State
from services.applications.rounds.models import Round
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

PLAN = Plan("JS1", 50_000_000)
RECEIPT = "JSF-2024-0001-54"


def submitted(
    definition: Definition | None = None, call: Round | None = None, plan: Plan = PLAN, **company: Any
) -> Any:
    return cases.submit(
        call or a_round(),
        definition or a_definition(),
        a_company(**company),
        plan,
        receipt_number=RECEIPT,
        on=IN_WINDOW,
    )


def test_an_application_asks_each_funder_for_its_exact_share() -> None:
    case, said = submitted(plan=Plan("JS1", 50_000_001))

    assert said.requested_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_001}
    assert (case.id, case.status, said.via) == (said.case_id, "submitted", "application")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("track_unknown", {"plan": Plan("JS9", 1_000_000)}),
        ("track_unknown", {"plan": Plan(None, 1_000_000)}),
        ("track_unknown", {"definition": a_definition(tracks=[]), "call": a_round(quota={"all": 1})}),
        ("track_not_called", {"call": a_round(quota={"JS2": 1})}),
        ("track_cap", {"plan": Plan("JS2", 100_000_003)}),
        ("total_needed", {"plan": Plan("JS1", 0)}),
        ("municipality", {"municipality": "52140"}),
        ("company_closed", {"state": State.CLOSED}),
        ("company_closed", {"state": State.SUSPENDED}),
    ],
)
def test_an_application_that_breaks_a_rule_is_refused_by_its_name(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        submitted(**changes)


def test_the_cap_limits_public_money_and_only_where_it_stands() -> None:
    at_the_cap, _ = submitted(plan=Plan("JS2", 100_000_000))
    without_cap, _ = submitted(plan=Plan("JS1", 900_000_000))

    assert (at_the_cap.track, without_cap.track) == ("JS2", "JS1")


def test_a_programme_that_names_no_municipality_takes_companies_from_all() -> None:
    case, _ = submitted(a_definition(municipalities=[]), municipality="47150")

    assert case.municipality == "47150"


def test_nobody_applies_where_the_ministry_selects() -> None:
    cases.refuse_top_up(a_definition())

    with refused("entry_top_up"):
        cases.refuse_top_up(a_top_up())


def test_an_ineligible_application_is_told_why() -> None:
    case = a_case()

    with refused("reasons_needed"):
        cases.screen(case, eligible=False, reasons=[], on=SELECTED_ON)
    _, screened = cases.screen(case, eligible=False, reasons=["이미 지원받음"], on=SELECTED_ON)

    assert (case.status, screened.reasons) == ("ineligible", ["이미 지원받음"])


def test_an_application_is_screened_once() -> None:
    case = a_case(status=Status.ELIGIBLE)

    with refused("case_status"):
        cases.screen(case, eligible=False, reasons=["사유"], on=SELECTED_ON)


def test_after_the_selection_a_company_gives_up_instead_of_withdrawing() -> None:
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
