"""The rules of an agreement: split to the won, within its limits, signed once."""

from datetime import date
from typing import Any

import pytest

from services.applications.agreements import domain as agreements
from services.applications.agreements.models import Agreement
from services.applications.agreements.models import Status as AgreementStatus
from shared.events.definition import Definition
from tests.unit.applications_builders import (
    A_DAY,
    SELECTED_ON,
    SIGNED_ON,
    a_case,
    a_definition,
    a_place,
    refused,
)

DEAL = agreements.Deal(50_000_000, SIGNED_ON, date(2025, 6, 30))


def signed(deal: agreements.Deal = DEAL, definition: Definition | None = None, on: date = SIGNED_ON) -> Any:
    return agreements.sign(a_case(), a_place(), definition or a_definition(), deal, on)


def test_an_agreement_is_split_to_the_won() -> None:
    _, said = signed()

    assert said.shares_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_000}
    assert (said.year, said.track, said.municipality) == (2024, "JS1", "52130")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("agreement_total", {"deal": agreements.Deal(50_000_001, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_total", {"deal": agreements.Deal(0, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_period", {"deal": agreements.Deal(50_000_000, SIGNED_ON, SIGNED_ON)}),
        ("before_its_cause", {"on": SELECTED_ON - A_DAY}),
    ],
)
def test_an_agreement_that_breaks_a_rule_is_refused_by_its_name(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        signed(**changes)


def test_public_support_never_exceeds_the_limit_by_a_single_won() -> None:
    remainder_to_the_city = a_definition(remainder_to="city")
    uneven = agreements.Deal(49_999_999, SIGNED_ON, date(2025, 6, 30))

    with refused("max_support"):
        signed(uneven, remainder_to_the_city)


def an_agreement() -> Agreement:
    row, _ = signed()
    assert isinstance(row, Agreement)
    return row


def test_an_agreement_is_signed_once() -> None:
    with refused("agreement_once"):
        agreements.refuse_again(an_agreement())


def test_giving_up_says_at_which_stage_and_ends_the_agreement() -> None:
    agreement = an_agreement()

    _, before = agreements.abandon(a_case(), None, "경영 사정", SIGNED_ON)
    _, after = agreements.abandon(a_case(), agreement, "경영 사정", SIGNED_ON)

    assert (before.stage, after.stage) == ("before_agreement", "after_agreement")
    assert agreement.status == AgreementStatus.ENDED
