"""Commitments: exact shares, the cap on support, and the self-contribution before any payment."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from services.funding.commitments.domain import (
    confirm_self_contribution,
    create_commitment,
    needs_self_contribution,
    refuse_without_budget,
    self_budget_line,
)
from services.funding.ledger.domain import BudgetLine
from services.funding.programmes.domain import FundingTerms
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.values.money import Funder
from tests.unit.funding_builders import SIGNED_ON, a_case, an_agreement, funding_terms


def test_a_commitment_separates_public_money_from_the_self_contribution() -> None:
    commitment = create_commitment(an_agreement(total_krw=10_000_000), funding_terms())

    assert (commitment.public_krw, commitment.self_krw) == (8_000_000, 2_000_000)
    assert self_budget_line(commitment) == {BudgetLine("jeonbuk-smart-factory", 2024, "self", ""): 2_000_000}


def test_shares_that_do_not_add_up_are_refused() -> None:
    shares = {Funder.PROVINCE: 4, Funder.CITY: 4, Funder.SELF: 3}

    with pytest.raises(RuleBroken, match="shares_do_not_add_up"):
        create_commitment(an_agreement(total_krw=10, shares_krw=shares), funding_terms())


def test_support_of_exactly_the_cap_passes_and_one_won_more_does_not() -> None:
    at_cap = {Funder.PROVINCE: 40, Funder.CITY: 40, Funder.SELF: 20}
    above = {Funder.PROVINCE: 41, Funder.CITY: 40, Funder.SELF: 19}

    assert create_commitment(an_agreement(total_krw=100, shares_krw=at_cap), funding_terms()).public_krw == 80
    with pytest.raises(RuleBroken, match="support_above_cap"):
        create_commitment(an_agreement(total_krw=100, shares_krw=above), funding_terms())


def test_a_programme_without_a_cap_supports_any_share() -> None:
    shares = {Funder.PROVINCE: 50, Funder.CITY: 50}

    commitment = create_commitment(
        an_agreement(total_krw=100, shares_krw=shares), funding_terms(max_support=None)
    )

    assert commitment.self_krw == 0


def test_the_citys_share_has_a_municipality_account_only_where_municipalities_pay() -> None:
    one_city = funding_terms(municipalities=[])

    assert create_commitment(an_agreement(), funding_terms()).municipality_account == "52111"
    assert create_commitment(an_agreement(), one_city).municipality_account == ""
    with pytest.raises(RuleBroken, match="municipality_outside_programme"):
        create_commitment(an_agreement(municipality="11110"), funding_terms())


def test_only_the_whole_self_contribution_can_be_confirmed() -> None:
    commitment, _ = a_case()

    for wrong in (commitment.self_krw - 1, commitment.self_krw + 1):
        with pytest.raises(RuleBroken, match="self_contribution_amount"):
            confirm_self_contribution(commitment, wrong, "통장 사본", SIGNED_ON)
    confirmed = confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)

    assert confirmed.amount_krw == commitment.self_krw
    assert not needs_self_contribution(commitment)


def test_the_self_contribution_is_confirmed_once() -> None:
    commitment, _ = a_case()
    confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)

    with pytest.raises(RuleBroken, match="self_contribution_known"):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)


def test_a_deposit_before_the_agreement_is_refused() -> None:
    commitment, _ = a_case()

    with pytest.raises(RuleBroken, match="before_agreement"):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON - timedelta(days=1))


def test_an_abandoned_case_confirms_nothing() -> None:
    commitment, _ = a_case()
    commitment.abandoned_on = SIGNED_ON

    with pytest.raises(RuleBroken, match="case_abandoned"):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)


def test_a_missing_budget_is_a_named_missing_prerequisite() -> None:
    refuse_without_budget([])

    with pytest.raises(PrerequisiteMissing, match="2025 city 52111"):
        refuse_without_budget([BudgetLine("p", 2025, "city", "52111")])


def test_funding_terms_are_minimal_and_immutable() -> None:
    terms = funding_terms()

    assert set(FundingTerms.model_fields) == {"funders", "max_support", "municipalities", "tranches"}
    with pytest.raises(ValidationError):
        terms.max_support = None  # type: ignore[misc]  # mypy refuses it; so must the model


def test_the_due_date_of_a_tranche_is_counted_from_the_agreement() -> None:
    first, last = funding_terms().tranches

    assert first.due_on(date(2024, 7, 1)) == date(2024, 7, 11)
    assert last.due_on(date(2024, 7, 1)) == date(2025, 3, 1)
    assert last.due_on(date(2024, 6, 30)) == date(2025, 2, 28)
