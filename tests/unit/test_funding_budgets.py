"""Budgets: public funders only, and a municipality exactly where municipalities pay."""

import pytest

from services.funding.budgets.domain import budget_municipality, split_self_and_public
from shared.errors import RuleBroken
from shared.values.money import Funder
from tests.unit.funding_builders import funding_terms


def test_the_citys_budget_names_its_municipality_where_municipalities_pay() -> None:
    assert budget_municipality(funding_terms(), Funder.CITY, "52111") == "52111"
    with pytest.raises(RuleBroken, match=r"^municipality_of_budget: "):
        budget_municipality(funding_terms(), Funder.CITY, None)
    with pytest.raises(RuleBroken, match=r"^municipality_outside_programme: "):
        budget_municipality(funding_terms(), Funder.CITY, "11110")


def test_other_budgets_name_no_municipality() -> None:
    one_city = funding_terms(municipalities=[])

    assert budget_municipality(one_city, Funder.CITY, None) == ""
    assert budget_municipality(funding_terms(), Funder.PROVINCE, None) == ""
    for terms, funder in ((one_city, Funder.CITY), (funding_terms(), Funder.PROVINCE)):
        with pytest.raises(RuleBroken, match=r"^municipality_of_budget: "):
            budget_municipality(terms, funder, "52111")


@pytest.mark.parametrize("funder", [Funder.SELF, Funder.NATIONAL])
def test_only_a_public_funder_of_the_programme_allocates_a_budget(funder: Funder) -> None:
    with pytest.raises(RuleBroken, match=r"^not_a_public_funder: "):
        budget_municipality(funding_terms(), funder, None)


def test_self_contribution_and_public_money_are_separated() -> None:
    assert split_self_and_public({Funder.CITY: 5, Funder.SELF: 1}) == ({Funder.SELF: 1}, {Funder.CITY: 5})
    assert split_self_and_public({Funder.CITY: 5}) == ({}, {Funder.CITY: 5})
