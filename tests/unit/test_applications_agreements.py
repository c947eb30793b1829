"""Rules of an agreement: split to the won, within its limits, signed once."""

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
    an_award,
    refused,
)

TERMS = agreements.AgreementTerms(50_000_000, SIGNED_ON, date(2025, 6, 30))


def signed(
    terms: agreements.AgreementTerms = TERMS, definition: Definition | None = None, on: date = SIGNED_ON
) -> Any:
    return agreements.sign(a_case(), an_award(), definition or a_definition(), terms, on)


def test_an_agreement_is_split_to_the_won() -> None:
    _, event = signed()

    assert event.shares_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_000}
    assert (event.year, event.track, event.municipality) == (2024, "JS1", "52130")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("agreement_total", {"terms": agreements.AgreementTerms(50_000_001, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_total", {"terms": agreements.AgreementTerms(0, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_period", {"terms": agreements.AgreementTerms(50_000_000, SIGNED_ON, SIGNED_ON)}),
        ("before_its_cause", {"on": SELECTED_ON - A_DAY}),
    ],
)
def test_an_agreement_that_breaks_a_rule_is_refused_with_its_code(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        signed(**changes)


def test_the_smallest_agreement_is_of_one_won() -> None:
    _, event = signed(agreements.AgreementTerms(1, SIGNED_ON, date(2025, 6, 30)))

    assert event.total_krw == 1


def test_public_support_never_exceeds_the_limit_by_a_single_won() -> None:
    remainder_to_the_city = a_definition(remainder_to="city")
    uneven = agreements.AgreementTerms(49_999_999, SIGNED_ON, date(2025, 6, 30))

    with refused("max_support"):
        signed(uneven, remainder_to_the_city)


def an_agreement() -> Agreement:
    row, _ = signed()
    assert isinstance(row, Agreement)
    return row


def test_an_agreement_is_signed_once() -> None:
    with refused("agreement_once"):
        agreements.refuse_second_agreement(an_agreement())


def test_abandonment_names_its_stage_and_ends_the_agreement() -> None:
    agreement = an_agreement()

    _, before = agreements.abandon(a_case(), None, "경영 사정", SIGNED_ON)
    _, after = agreements.abandon(a_case(), agreement, "경영 사정", SIGNED_ON)

    assert (before.stage, after.stage) == ("before_agreement", "after_agreement")
    assert agreement.status == AgreementStatus.ENDED
