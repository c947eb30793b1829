"""Builders of programmes, rounds, companies and cases with usual contents, for tests of applications."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.applications.awards.models import Award, Outcome
from services.applications.cases.models import Case
from services.applications.companies.models import Company
from services.applications.rounds.models import Round
from services.applications.selection.domain import Candidate, Scorecard
from shared.errors import RuleBroken
from shared.events.definition import Definition, Proposal, ReviewRule
from shared.events.external import LegacyCaseRecorded, MinistryCompanySelected
from tests.builders import a_business_number

OPENS_ON, IN_WINDOW, CLOSES_ON = date(2024, 3, 20), date(2024, 3, 25), date(2024, 4, 3)
SELECTED_ON, SIGNED_ON = date(2024, 5, 20), date(2024, 7, 1)
A_DAY = timedelta(days=1)
CRITERIA = {"need": 30, "plan": 40, "effect": 30}
RULE = ReviewRule(criteria=CRITERIA, ties=["plan", "effect"])


def refused(rule: str) -> Any:
    """Expect RuleBroken with this rule code from the block."""
    return pytest.raises(RuleBroken, match=f"^{rule}: ")


def a_definition(**changes: Any) -> Definition:
    """Definition with tracks JS1 and JS2, JS2 capped; province 40, city 40, self 20; support up to 4/5."""
    fields: dict[str, Any] = {
        "programme_id": "jeonbuk-smart-factory",
        "name_ko": "전북형 스마트제조혁신 프로젝트",
        "name_en": "Jeonbuk smart manufacturing",
        "short_ko": "전북형",
        "short_en": "Jeonbuk",
        "office_ko": "전북특별자치도",
        "office_en": "Jeonbuk",
        "region": "52",
        "first_year": 2024,
        "last_year": 2026,
        "entry": "application",
        "funders": {"province": 40, "city": 40, "self": 20},
        "remainder_to": "self",
        "max_support": {"numerator": 4, "denominator": 5},
        "municipalities": ["52110", "52130"],
        "tracks": [
            {"id": "JS1", "name_ko": "기초 1단계", "name_en": "Basic 1"},
            {"id": "JS2", "name_ko": "기초 2단계", "name_en": "Basic 2", "cap_krw": 80_000_000},
        ],
        "review": RULE.model_dump(),
    }
    return Definition.model_validate(fields | changes)


def a_top_up(**changes: Any) -> Definition:
    """Definition of a city's top-up to the ministry's selections: no tracks, no reviews."""
    fields: dict[str, Any] = {
        "programme_id": "gimcheon-smart-factory",
        "region": "47150",
        "first_year": 2019,
        "entry": "top_up",
        "funders": {"national": 50, "province": 10, "city": 20, "self": 20},
        "max_support": None,
        "municipalities": [],
        "tracks": [],
        "review": None,
    }
    return a_definition(**fields | changes)


def a_proposal(*codes: str) -> Proposal:
    """Proposal sent out to the municipalities of these codes."""
    names = dict.fromkeys(["name_ko", "name_en", "short_ko", "short_en", "office_ko", "office_en"], "충남")
    fields: dict[str, Any] = {
        "programme_id": "chungnam-small-firm",
        "region": "44",
        "year": 2023,
        "funders": ["province", "city"],
        "executing_agency_ko": "충남테크노파크",
        "reason_ko": "의견 수렴",
        "municipalities": [{"code": code} for code in codes],
    }
    return Proposal.model_validate(names | fields)


def a_round(**changes: Any) -> Round:
    fields: dict[str, Any] = {
        "id": "jeonbuk-2024",
        "programme_id": "jeonbuk-smart-factory",
        "version": 1,
        "year": 2024,
        "name_ko": "2024년 공고",
        "opens_on": OPENS_ON,
        "closes_on": CLOSES_ON,
        "quota": {"JS1": 2, "JS2": 1},
    }
    return Round.model_validate(fields | changes)


def a_company(**changes: Any) -> Company:
    fields = {
        "id": uuid4(),
        "business_number": a_business_number(),
        "name_ko": "기업 B-001",
        "municipality": "52130",
    }
    return Company.model_validate(fields | changes)


def a_case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "round_id": "jeonbuk-2024",
        "programme_id": "jeonbuk-smart-factory",
        "version": 1,
        "year": 2024,
        "company_id": uuid4(),
        "municipality": "52130",
        "track": "JS1",
        "total_krw": 50_000_000,
        "requested_krw": {"province": 20_000_000, "city": 20_000_000, "self": 10_000_000},
        "receipt_number": "JSF-2024-0001-54",
        "via": "application",
        "submitted_on": IN_WINDOW,
        "status": "submitted",
    }
    return Case.model_validate(fields | changes)


def an_award(status: Outcome = Outcome.SELECTED, **changes: Any) -> Award:
    fields: dict[str, Any] = {
        "case_id": uuid4(),
        "round_id": "jeonbuk-2024",
        "quota_key": "JS1",
        "status": status,
        "rank": 3,
        "score": "20",
        "decided_on": SELECTED_ON,
    }
    return Award.model_validate(fields | changes)


def a_ministry_selection(**changes: Any) -> MinistryCompanySelected:
    """Selection by the ministry for a top-up round of Gimcheon."""
    fields: dict[str, Any] = {
        "programme_id": "gimcheon-smart-factory",
        "round_id": "gimcheon-2022",
        "business_number": a_business_number(),
        "company_name_ko": "기업 A-001",
        "municipality": "47150",
        "total_krw": 100_000_000,
        "occurred_on": IN_WINDOW,
    }
    return MinistryCompanySelected.model_validate(fields | changes)


def a_legacy_case(**changes: Any) -> LegacyCaseRecorded:
    """Completed case of Gimcheon, as its legacy system publishes it."""
    fields: dict[str, Any] = {
        "record_id": "GC-2019-01",
        "programme_id": "gimcheon-smart-factory",
        "company_name_ko": "기업 L-001",
        "municipality": "47150",
        "year_from": 2019,
        "year_to": 2019,
        "status": "completed",
        "amounts_krw": {"national": 50_000_000, "city": 20_000_000},
        "occurred_on": date(2019, 12, 31),
    }
    return LegacyCaseRecorded.model_validate(fields | changes)


def a_candidate(*totals: int, **changes: Any) -> Candidate:
    """Candidate with one review per total, all its points for the criterion `plan`."""
    fields: dict[str, Any] = {
        "case_id": uuid4(),
        "receipt_number": "JSF-2024-0001-54",
        "business_number": a_business_number(),
        "quota_key": "JS1",
        "reviews": [a_scorecard(plan=total) for total in totals],
    }
    return Candidate(**fields | changes)


def a_scorecard(need: int = 0, plan: int = 0, effect: int = 0, conflict: bool = False) -> Scorecard:
    return Scorecard({"need": need, "plan": plan, "effect": effect}, conflict)
