"""Case accounts: exact shares, the cap on support, and the company's own share first."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from services.funding.commitments.domain import (
    confirm_self_contribution,
    needs_self_contribution,
    open_account,
    own_purse,
    refuse_without_budget,
)
from services.funding.ledger.domain import Purse
from services.funding.programmes.domain import Terms
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.values.money import Funder
from tests.unit.funding_builders import SIGNED_ON, a_case, an_agreement, some_terms


def test_an_account_keeps_public_and_own_money_apart() -> None:
    account = open_account(an_agreement(total_krw=10_000_000), some_terms())

    assert (account.public_krw, account.self_krw) == (8_000_000, 2_000_000)
    assert own_purse(account) == {Purse("jeonbuk-smart-factory", 2024, "self", ""): 2_000_000}


def test_shares_that_do_not_add_up_are_refused() -> None:
    shares = {Funder.PROVINCE: 4, Funder.CITY: 4, Funder.SELF: 3}

    with pytest.raises(RuleBroken, match="shares_do_not_add_up"):
        open_account(an_agreement(total_krw=10, shares_krw=shares), some_terms())


def test_support_of_exactly_the_cap_passes_and_one_won_more_does_not() -> None:
    at_cap = {Funder.PROVINCE: 40, Funder.CITY: 40, Funder.SELF: 20}
    above = {Funder.PROVINCE: 41, Funder.CITY: 40, Funder.SELF: 19}

    assert open_account(an_agreement(total_krw=100, shares_krw=at_cap), some_terms()).public_krw == 80
    with pytest.raises(RuleBroken, match="support_above_cap"):
        open_account(an_agreement(total_krw=100, shares_krw=above), some_terms())


def test_a_programme_without_a_cap_supports_without_one() -> None:
    shares = {Funder.PROVINCE: 50, Funder.CITY: 50}

    account = open_account(an_agreement(total_krw=100, shares_krw=shares), some_terms(max_support=None))

    assert account.self_krw == 0


def test_the_citys_share_is_its_municipalitys_only_where_municipalities_pay() -> None:
    one_city = some_terms(municipalities=[])

    assert open_account(an_agreement(), some_terms()).city_account == "52111"
    assert open_account(an_agreement(), one_city).city_account == ""
    with pytest.raises(RuleBroken, match="municipality_outside_programme"):
        open_account(an_agreement(municipality="11110"), some_terms())


def test_only_the_whole_own_share_counts_as_confirmed() -> None:
    account, _ = a_case()

    for wrong in (account.self_krw - 1, account.self_krw + 1):
        with pytest.raises(RuleBroken, match="self_contribution_amount"):
            confirm_self_contribution(account, wrong, "통장 사본", SIGNED_ON)
    told = confirm_self_contribution(account, account.self_krw, "통장 사본", SIGNED_ON)

    assert told.amount_krw == account.self_krw
    assert not needs_self_contribution(account)


def test_the_own_share_is_confirmed_once() -> None:
    account, _ = a_case()
    confirm_self_contribution(account, account.self_krw, "통장 사본", SIGNED_ON)

    with pytest.raises(RuleBroken, match="self_contribution_known"):
        confirm_self_contribution(account, account.self_krw, "통장 사본", SIGNED_ON)


def test_a_deposit_from_before_the_agreement_does_not_count() -> None:
    account, _ = a_case()

    with pytest.raises(RuleBroken, match="before_agreement"):
        confirm_self_contribution(account, account.self_krw, "통장 사본", SIGNED_ON - timedelta(days=1))


def test_an_abandoned_case_confirms_nothing() -> None:
    account, _ = a_case()
    account.abandoned_on = SIGNED_ON

    with pytest.raises(RuleBroken, match="case_abandoned"):
        confirm_self_contribution(account, account.self_krw, "통장 사본", SIGNED_ON)


def test_a_missing_budget_may_still_come_and_is_named() -> None:
    refuse_without_budget([])

    with pytest.raises(PrerequisiteMissing, match="2025 city 52111"):
        refuse_without_budget([Purse("p", 2025, "city", "52111")])


def test_terms_take_only_what_money_needs_and_cannot_be_changed() -> None:
    terms = some_terms()

    assert set(Terms.model_fields) == {"funders", "max_support", "municipalities", "tranches"}
    with pytest.raises(ValidationError):
        terms.max_support = None  # type: ignore[misc]  # mypy refuses it; so must the model


def test_a_tranche_falls_due_by_its_milestones_rule_from_the_agreement_on() -> None:
    first, last = some_terms().tranches

    assert first.due_on(date(2024, 7, 1)) == date(2024, 7, 11)
    assert last.due_on(date(2024, 7, 1)) == date(2025, 3, 1)
    assert last.due_on(date(2024, 6, 30)) == date(2025, 2, 28)
