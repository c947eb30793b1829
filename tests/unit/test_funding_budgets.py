"""Budgets: public funders only, and a municipality exactly where municipalities pay."""

import pytest

from services.funding.budgets.domain import own_and_public, purse_municipality
from shared.errors import RuleBroken
from shared.values.money import Funder
from tests.unit.funding_builders import some_terms


def test_the_citys_budget_names_its_municipality_where_municipalities_pay() -> None:
    assert purse_municipality(some_terms(), Funder.CITY, "52111") == "52111"
    with pytest.raises(RuleBroken, match="municipality_of_budget"):
        purse_municipality(some_terms(), Funder.CITY, None)
    with pytest.raises(RuleBroken, match="municipality_outside_programme"):
        purse_municipality(some_terms(), Funder.CITY, "11110")


def test_no_other_budget_names_one() -> None:
    one_city = some_terms(municipalities=[])

    assert purse_municipality(one_city, Funder.CITY, None) == ""
    assert purse_municipality(some_terms(), Funder.PROVINCE, None) == ""
    for terms, funder in ((one_city, Funder.CITY), (some_terms(), Funder.PROVINCE)):
        with pytest.raises(RuleBroken, match="municipality_of_budget"):
            purse_municipality(terms, funder, "52111")


@pytest.mark.parametrize("funder", [Funder.SELF, Funder.NATIONAL])
def test_only_a_public_funder_of_the_programme_gives_a_budget(funder: Funder) -> None:
    with pytest.raises(RuleBroken, match="not_a_public_funder"):
        purse_municipality(some_terms(), funder, None)


def test_own_money_never_mixes_with_public_money() -> None:
    assert own_and_public({Funder.CITY: 5, Funder.SELF: 1}) == ({Funder.SELF: 1}, {Funder.CITY: 5})
    assert own_and_public({Funder.CITY: 5}) == ({}, {Funder.CITY: 5})
