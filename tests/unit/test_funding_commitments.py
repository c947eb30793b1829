"""Commitments: exact shares, the cap on support, and the self-contribution before any payment."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.funding.commitments.domain import (
    agreement_not_arrived,
    committed,
    confirm_self_contribution,
    create_commitment,
    needs_self_contribution,
    public_budget_lines,
    refuse_without_budget,
    released,
    self_budget_line,
)
from services.funding.ledger.domain import BudgetLine
from services.funding.programmes.domain import FundingTerms, contradicting_version, programme_not_arrived
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.events.funding import YearShares
from shared.values.money import Funder
from tests.unit.funding_builders import SIGNED_ON, a_case, an_agreement, funding_terms


def test_a_commitment_separates_public_money_from_the_self_contribution() -> None:
    commitment = create_commitment(an_agreement(total_krw=10_000_000), funding_terms())

    assert (commitment.public_krw, commitment.self_krw) == (8_000_000, 2_000_000)
    assert (commitment.total_krw, commitment.signed_on) == (10_000_000, SIGNED_ON)
    assert self_budget_line(commitment) == {BudgetLine("jeonbuk-smart-factory", 2024, "self", ""): 2_000_000}


def test_a_commitment_belongs_to_the_case_and_company_of_its_agreement() -> None:
    signed = an_agreement()

    commitment = create_commitment(signed, funding_terms())

    assert commitment.case_id == signed.case_id
    assert commitment.company_id == signed.company_id
    assert commitment.programme_id == signed.programme_id


def test_public_money_is_committed_by_year_and_line_without_zeros() -> None:
    commitment, _ = a_case()
    years = [
        YearShares(fiscal_year=2024, amounts_krw={Funder.PROVINCE: 4, Funder.CITY: 5}),
        YearShares(fiscal_year=2025, amounts_krw={Funder.PROVINCE: 0, Funder.CITY: 6}),
    ]

    assert public_budget_lines(commitment, years) == {
        BudgetLine("jeonbuk-smart-factory", 2024, "province", ""): 4,
        BudgetLine("jeonbuk-smart-factory", 2024, "city", "52111"): 5,
        BudgetLine("jeonbuk-smart-factory", 2025, "city", "52111"): 6,
    }


def test_the_events_of_a_commitment_name_its_case_and_years() -> None:
    commitment, _ = a_case()
    years = [YearShares(fiscal_year=2024, amounts_krw={Funder.PROVINCE: 4})]
    on = SIGNED_ON + timedelta(days=9)

    funds, release = committed(commitment, years), released(commitment, years, on)

    assert (funds.occurred_on, release.occurred_on) == (SIGNED_ON, on)
    assert funds.company_id == commitment.company_id
    for event in (funds, release):
        assert (event.programme_id, event.case_id, event.years) == (
            commitment.programme_id,
            commitment.case_id,
            years,
        )


def test_shares_that_do_not_add_up_are_refused() -> None:
    shares = {Funder.PROVINCE: 4, Funder.CITY: 4, Funder.SELF: 3}

    with pytest.raises(RuleBroken, match=r"^shares_do_not_add_up: "):
        create_commitment(an_agreement(total_krw=10, shares_krw=shares), funding_terms())


def test_support_of_exactly_the_cap_passes_and_one_won_more_does_not() -> None:
    at_cap = {Funder.PROVINCE: 40, Funder.CITY: 40, Funder.SELF: 20}
    above = {Funder.PROVINCE: 41, Funder.CITY: 40, Funder.SELF: 19}

    assert create_commitment(an_agreement(total_krw=100, shares_krw=at_cap), funding_terms()).public_krw == 80
    with pytest.raises(RuleBroken, match=r"^support_above_cap: "):
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
    with pytest.raises(RuleBroken, match=r"^municipality_outside_programme: "):
        create_commitment(an_agreement(municipality="11110"), funding_terms())


def test_only_the_whole_self_contribution_can_be_confirmed() -> None:
    commitment, _ = a_case()

    for wrong in (commitment.self_krw - 1, commitment.self_krw + 1):
        with pytest.raises(RuleBroken, match=r"^self_contribution_amount: "):
            confirm_self_contribution(commitment, wrong, "통장 사본", SIGNED_ON)
    confirmed = confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)

    assert (confirmed.amount_krw, confirmed.evidence) == (commitment.self_krw, "통장 사본")
    assert (confirmed.programme_id, confirmed.case_id) == (commitment.programme_id, commitment.case_id)
    assert (confirmed.fiscal_year, confirmed.occurred_on) == (2024, SIGNED_ON)
    assert commitment.self_confirmed_on == SIGNED_ON
    assert not needs_self_contribution(commitment)


def test_a_self_contribution_of_one_won_needs_confirmation_and_one_of_zero_does_not() -> None:
    commitment, _ = a_case()

    needs = {}
    for krw in (0, 1):
        commitment.self_krw = krw
        needs[krw] = needs_self_contribution(commitment)

    assert needs == {0: False, 1: True}


def test_the_self_contribution_is_confirmed_once() -> None:
    commitment, _ = a_case()
    confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)

    with pytest.raises(RuleBroken, match=r"^self_contribution_known: "):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)


def test_a_deposit_before_the_agreement_is_refused() -> None:
    commitment, _ = a_case()

    with pytest.raises(RuleBroken, match=r"^before_agreement: "):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON - timedelta(days=1))


def test_an_abandoned_case_confirms_nothing() -> None:
    commitment, _ = a_case()
    commitment.abandoned_on = SIGNED_ON

    with pytest.raises(RuleBroken, match=r"^case_abandoned: "):
        confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)


def test_a_missing_budget_is_a_named_missing_prerequisite() -> None:
    refuse_without_budget([])

    with pytest.raises(
        PrerequisiteMissing, match=r"^budget_missing: p에.*: 2025 city 52111, 2024 province\."
    ):
        refuse_without_budget([BudgetLine("p", 2025, "city", "52111"), BudgetLine("p", 2024, "province", "")])


def test_what_has_not_arrived_is_a_missing_prerequisite_and_a_contradiction_is_refused() -> None:
    case, programme = agreement_not_arrived(UUID(int=1)), programme_not_arrived("p-1")
    contradiction = contradicting_version("p-1", 2)

    assert (case.rule, "000000000001" in case.ko) == ("case_unknown", True)
    assert (programme.rule, "p-1" in programme.ko) == ("programme_unknown", True)
    assert (contradiction.rule, "p-1 2판" in contradiction.ko) == ("version_contradicts", True)


def test_funding_terms_are_minimal_and_immutable() -> None:
    terms = funding_terms()

    assert set(FundingTerms.model_fields) == {"funders", "max_support", "municipalities", "tranches"}
    with pytest.raises(ValidationError):
        terms.max_support = None  # type: ignore[misc]  # mypy refuses it; so must the model


def test_the_due_date_of_a_tranche_is_counted_from_the_agreement() -> None:
    first, last = funding_terms().tranches

    assert [(term.number, term.part, term.milestone) for term in (first, last)] == [
        (1, 1, "start"),
        (2, 1, "final"),
    ]
    assert first.due_on(date(2024, 7, 1)) == date(2024, 7, 11)
    assert last.due_on(date(2024, 7, 1)) == date(2025, 3, 1)
    assert last.due_on(date(2024, 6, 30)) == date(2025, 2, 28)
