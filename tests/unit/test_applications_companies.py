"""The rules of companies: where they are registered, what the registry says, and who acts for them."""

from datetime import date
from uuid import uuid4

import pytest

from services.applications.companies import domain as companies
from services.applications.companies.models import State
from shared.errors import Forbidden
from tests.builders import a_business_number
from tests.unit.applications_builders import IN_WINDOW, a_company, refused


def test_a_company_is_registered_under_the_code_of_that_day() -> None:
    given = companies.Registration(a_business_number(), "기업 B-001", "52130")

    _, registered = companies.register(given, date(2024, 1, 18))

    assert registered.municipality == "52130"
    with refused("municipality_unknown"):
        companies.register(given, date(2024, 1, 17))


def test_what_the_registry_says_is_told_once() -> None:
    company = a_company()

    suspended = companies.end(company, State.SUSPENDED, IN_WINDOW)
    again = companies.end(company, State.SUSPENDED, IN_WINDOW)
    closed = companies.end(company, State.CLOSED, IN_WINDOW)

    assert suspended is not None
    assert closed is not None
    assert (suspended.state, again, closed.state) == ("suspended", None, "closed")


def test_a_closed_business_is_not_suspended_afterwards() -> None:
    with refused("company_state"):
        companies.end(a_company(state=State.CLOSED), State.SUSPENDED, IN_WINDOW)


def test_a_company_acts_for_itself_only_and_an_officer_for_all() -> None:
    company = uuid4()

    companies.refuse_stranger(company, companies.acting_for(str(company), frozenset({"company"})))
    companies.refuse_stranger(company, companies.acting_for("officer-1", frozenset({"officer"})))
    with pytest.raises(Forbidden, match="own_company"):
        companies.refuse_stranger(company, companies.acting_for(str(uuid4()), frozenset({"company"})))


def test_an_account_without_a_company_has_no_cases() -> None:
    with pytest.raises(Forbidden, match="own_company"):
        companies.company_of("somebody")
