"""Rules of companies: registration, suspension and closure, and the right to act for a company."""

from datetime import date
from uuid import uuid4

import pytest

from services.applications.companies import domain as companies
from services.applications.companies.models import State
from shared.errors import Forbidden
from tests.builders import a_business_number
from tests.unit.applications_builders import IN_WINDOW, a_company, refused


def test_a_company_needs_a_municipality_code_valid_on_that_date() -> None:
    registration = companies.Registration(a_business_number(), "기업 B-001", "52130")

    _, registered = companies.register(registration, date(2024, 1, 18))

    assert registered.municipality == "52130"
    with refused("municipality_unknown"):
        companies.register(registration, date(2024, 1, 17))


def test_a_suspension_is_emitted_once_and_may_become_a_closure() -> None:
    company = a_company()

    suspended = companies.record_closure(company, State.SUSPENDED, IN_WINDOW)
    again = companies.record_closure(company, State.SUSPENDED, IN_WINDOW)
    closed = companies.record_closure(company, State.CLOSED, IN_WINDOW)

    assert suspended is not None
    assert closed is not None
    assert (suspended.state, again, closed.state) == ("suspended", None, "closed")


def test_a_closed_business_is_not_suspended_afterwards() -> None:
    with refused("company_state"):
        companies.record_closure(a_company(state=State.CLOSED), State.SUSPENDED, IN_WINDOW)


def test_a_company_acts_for_itself_only_and_an_officer_for_all() -> None:
    company = uuid4()

    companies.refuse_other_company(company, companies.acting_for(str(company), frozenset({"company"})))
    companies.refuse_other_company(company, companies.acting_for("officer-1", frozenset({"officer"})))
    with pytest.raises(Forbidden, match=r"^own_company: "):
        companies.refuse_other_company(company, companies.acting_for(str(uuid4()), frozenset({"company"})))


def test_an_account_without_a_company_has_no_cases() -> None:
    with pytest.raises(Forbidden, match=r"^own_company: "):
        companies.company_id_of("somebody")
