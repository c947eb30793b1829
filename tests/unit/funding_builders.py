"""Builders of programmes, agreements and tranches for the tests of funding."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from services.funding.commitments.domain import create_commitment
from services.funding.commitments.models import Commitment
from services.funding.programmes.domain import FundingTerms, terms_of
from services.funding.tranches.domain import schedule
from services.funding.tranches.models import Tranche
from shared.events.applications import AgreementSigned, ProgrammePublished
from shared.events.definition import Definition, MilestoneRule, Ratio, TrancheRule
from shared.values.money import Funder

SIGNED_ON = date(2024, 7, 1)
OFFICER, APPROVER, PAYER = "officer-1", "approver-1", "payer-1"


def a_definition(programme_id: str = "jeonbuk-smart-factory", **changes: Any) -> Definition:
    """Province 40, city 40, self-contribution 20; half at the start, half at the end; two municipalities pay."""
    fields: dict[str, Any] = {
        "programme_id": programme_id,
        "name_ko": "전북형 스마트제조혁신 프로젝트",
        "name_en": "Jeonbuk smart factories",
        "short_ko": "전북",
        "short_en": "Jeonbuk",
        "office_ko": "전북특별자치도",
        "office_en": "Jeonbuk",
        "region": "52",
        "first_year": 2024,
        "last_year": 2026,
        "entry": "application",
        "funders": {Funder.PROVINCE: 40, Funder.CITY: 40, Funder.SELF: 20},
        "remainder_to": Funder.SELF,
        "max_support": Ratio(numerator=4, denominator=5),
        "municipalities": ["52111", "52130"],
        "milestones": [
            MilestoneRule(key="start", name_ko="착수", name_en="Start", after_days=10),
            MilestoneRule(key="final", name_ko="완료", name_en="Done", after_months=8, completes=True),
        ],
        "tranches": [
            TrancheRule(number=1, name_ko="선금", name_en="First", part=1, milestone="start"),
            TrancheRule(number=2, name_ko="잔금", name_en="Last", part=1, milestone="final"),
        ],
    }
    return Definition.model_validate(fields | changes)


def a_publication(definition: Definition | None = None, **changes: Any) -> ProgrammePublished:
    definition = definition or a_definition()
    fields: dict[str, Any] = {
        "programme_id": definition.programme_id,
        "version": 1,
        "definition": definition,
        "occurred_on": date(2024, 1, 1),
    }
    return ProgrammePublished.model_validate(fields | changes)


def funding_terms(**changes: Any) -> FundingTerms:
    return terms_of(a_definition(**changes))


def an_agreement(case_id: UUID | None = None, **changes: Any) -> AgreementSigned:
    """An agreement over 100,000,001 won, which no share divides evenly."""
    total = changes.get("total_krw", 100_000_001)
    fields: dict[str, Any] = {
        "case_id": case_id or uuid4(),
        "programme_id": "jeonbuk-smart-factory",
        "version": 1,
        "company_id": uuid4(),
        "year": 2024,
        "municipality": "52111",
        "total_krw": total,
        "shares_krw": a_definition().split(total),
        "starts_on": SIGNED_ON,
        "ends_on": date(2025, 3, 31),
        "occurred_on": SIGNED_ON,
    }
    return AgreementSigned.model_validate(fields | changes)


def a_case(**changes: Any) -> tuple[Commitment, list[Tranche]]:
    signed, terms = an_agreement(**changes), funding_terms()
    commitment = create_commitment(signed, terms)
    return commitment, schedule(commitment, terms, signed.shares_krw)


def a_tranche(**changes: Any) -> Tranche:
    """The first tranche as scheduled, with the changes applied."""
    _, tranches = a_case()
    for name, value in changes.items():
        setattr(tranches[0], name, value)
    return tranches[0]
