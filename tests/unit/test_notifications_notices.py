"""Each event becomes a notice with exactly the fields that its template names."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.notifications.cases.domain import MessageContext, Name
from services.notifications.templates.domain import RULES
from services.notifications.templates.notices import Notice
from shared.events import Event, applications, funding, monitoring
from shared.values.money import Funder
from tests.chaos.checks.messages import NOTIFIED

DAY, LATER = date(2024, 7, 1), date(2025, 3, 31)
CASE = {"occurred_on": DAY, "programme_id": "jeonbuk", "case_id": UUID(int=1)}
SHARES = {Funder.PROVINCE: 40, Funder.CITY: 40, Funder.SELF: 20}
ROUND = {"round_id": "jeonbuk-2024", "year": 2024}
RANKING = {"applications": 9, "quota": 2, "reviews": 5, "trimmed": True}
RANKED = {"rank": 3, "score": "250/3", "ranking": RANKING}
STANDING = {"rank": 3, "applications": 9, "score": "250/3", "reviews": 5}
AGREEMENT = {"version": 1, "company_id": UUID(int=2), "year": 2024, "municipality": "52111", "total_krw": 100}
TRANCHE = {"number": 2, "fiscal_year": 2024, "due_on": LATER, "amounts_krw": {Funder.CITY: 5}}
PAYMENT = {**TRANCHE, "payment_id": UUID(int=3)}
MILESTONE = {"milestone": "final", "due_on": LATER, "completes": True}
TRACK, PART, STEP = (
    {"ko": "기초", "en": "Basic"},
    {"ko": "잔금", "en": "Last"},
    {"ko": "최종점검", "en": "Final"},
)
NAME = Name(ko="전북", en="Jeonbuk")
CONTEXT = MessageContext(
    case_id=UUID(int=1),
    company_id=UUID(int=2),
    programme_id="jeonbuk",
    receipt_number="JSF-2024-0017",
    company="㈜전북정밀",
    programme=NAME,
    programme_short=NAME,
    office=NAME,
    names={"track": {"JS1": TRACK}, "tranche": {"2": PART}, "milestone": {"final": STEP}},
    track_id="JS1",
    channels=["email"],
)


def submitted() -> Event:
    application = {"company_id": UUID(int=2), "municipality": "52111", "receipt_number": "JSF-2024-0017"}
    amounts = {"total_krw": 100, "requested_krw": SHARES}
    return applications.ApplicationSubmitted.model_validate(CASE | ROUND | application | amounts)


def signed(shares: dict[Funder, int]) -> Event:
    period = {"starts_on": DAY, "ends_on": LATER, "shares_krw": shares}
    return applications.AgreementSigned.model_validate(CASE | AGREEMENT | period)


def an_event(event_type: type[Event], **fields: Any) -> Event:
    return event_type.model_validate(CASE | fields)


CASES: list[tuple[Event, dict[str, Any]]] = [
    (
        submitted(),
        {"via": "application", "submitted_on": DAY, "track": TRACK, "total_krw": 100, "requested_krw": 80},
    ),
    (
        an_event(applications.ApplicationScreened, eligible=False, reasons=["소재지"]),
        {"screened_on": DAY, "reasons": ["소재지"]},
    ),
    (
        an_event(applications.CompanySelected, **ROUND, **RANKED, via="ranking"),
        {"selected_on": DAY, "via": "ranking", "track": TRACK, "standing": STANDING},
    ),
    (
        an_event(applications.CompanyReserved, **ROUND, **RANKED),
        {"decided_on": DAY, "track": TRACK, "rank": 3, "standing": STANDING, "reserve_number": 1},
    ),
    (
        an_event(applications.CompanyRejected, **ROUND, cause="ineligible", findings=["소재지"]),
        {"decided_on": DAY, "cause": "ineligible", "findings": ["소재지"]},
    ),
    (
        signed(SHARES),
        {
            "signed_on": DAY,
            "starts_on": DAY,
            "ends_on": LATER,
            "total_krw": 100,
            "self_krw": 20,
            "shares_krw": SHARES,
        },
    ),
    (
        an_event(applications.CaseAbandoned, stage="after_agreement", reason="경영 사정"),
        {"abandoned_on": DAY, "stage": "after_agreement", "reason": "경영 사정"},
    ),
    (
        an_event(funding.SelfContributionConfirmed, fiscal_year=2024, amount_krw=20, evidence="통장"),
        {"confirmed_on": DAY, "amount_krw": 20},
    ),
    (
        an_event(funding.TrancheDisbursed, **PAYMENT, treasury_reference="T-1"),
        {"disbursed_on": DAY, "shares_krw": {Funder.CITY: 5}, "number": 2, "tranche": PART, "amount_krw": 5},
    ),
    (
        an_event(funding.TrancheFailed, **PAYMENT, reason="계좌 오류"),
        {"failed_on": DAY, "reason": "계좌 오류", "number": 2, "tranche": PART, "amount_krw": 5},
    ),
    (
        an_event(monitoring.MilestoneDueSoon, **MILESTONE, days_left=7),
        {"milestone": STEP, "due_on": LATER, "days_left": 7},
    ),
    (an_event(monitoring.MilestoneMissed, **MILESTONE), {"milestone": STEP, "due_on": LATER}),
    (
        an_event(monitoring.MilestoneAchieved, **MILESTONE, evidence="doc-1"),
        {"completed_on": DAY, "milestone": STEP, "report_by": date(2024, 9, 1)},
    ),
]


@pytest.mark.parametrize(("event", "fields"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_a_notice_has_the_fields_of_its_event_and_its_case(event: Event, fields: dict[str, Any]) -> None:
    notice = RULES[type(event)].compose(event, CONTEXT).model_dump()

    common = set(Notice.model_fields)
    assert {name: value for name, value in notice.items() if name not in common} == fields
    assert (notice["company"], notice["receipt_number"]) == ("㈜전북정밀", "JSF-2024-0017")
    assert notice["programme"] == {"ko": "전북", "en": "Jeonbuk"}


def test_every_event_with_a_notice_is_covered() -> None:
    assert {type(event) for event, _ in CASES} == set(RULES)


def test_the_check_of_faults_expects_messages_of_the_same_events() -> None:
    assert set(NOTIFIED) == {event.name.rpartition(".")[0] for event in RULES}


def test_a_reserve_without_a_known_ranking_has_its_rank_alone() -> None:
    event = an_event(applications.CompanyReserved, **ROUND, rank=3, score="20")

    notice = RULES[applications.CompanyReserved].compose(event, CONTEXT).model_dump()

    assert (notice["rank"], notice["standing"], notice["reserve_number"]) == (3, None, None)


def test_an_agreement_without_a_self_contribution_names_zero_won() -> None:
    notice = RULES[applications.AgreementSigned].compose(signed({Funder.CITY: 100}), CONTEXT)

    assert notice.model_dump()["self_krw"] == 0
