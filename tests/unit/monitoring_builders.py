"""Builders of events for monitoring's tests."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.events import Event
from shared.events import applications as a
from shared.events import funding as f
from shared.events import monitoring as m
from shared.events import notifications as n
from shared.events.definition import Definition
from shared.values.money import Funder, split

PROGRAMME = "test-smart-factory"
ROUND = "test-2024"
NAMESPACE = UUID("00000000-0000-7000-8000-000000000000")
RATIO = {Funder.NATIONAL: 50, Funder.PROVINCE: 10, Funder.CITY: 20, Funder.SELF: 20}


def an_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def on(text: str) -> date:
    return date.fromisoformat(text)


def a_definition(**changes: Any) -> Definition:
    """Return a definition: 50:10:20:20, term from 2022, two tracks and municipalities, completion after six months."""
    fields: dict[str, Any] = {
        "programme_id": PROGRAMME,
        "name_ko": "시험 스마트공장",
        "name_en": "Test factories",
        "short_ko": "시험",
        "short_en": "Test",
        "office_ko": "투자유치과",
        "office_en": "Investment Office",
        "region": "47150",
        "first_year": 2019,
        "last_year": 2026,
        "term_from": 2022,
        "entry": "application",
        "funders": RATIO,
        "remainder_to": "self",
        "municipalities": ["52130", "52140"],
        "mentors": 30,
        "max_support": {"numerator": 4, "denominator": 5},
        "tracks": [
            {"id": "JS1", "name_ko": "기초 1", "name_en": "Basic 1"},
            {"id": "JS2", "name_ko": "기초 2", "name_en": "Basic 2"},
        ],
        "tranches": [
            {"number": 1, "name_ko": "선금", "name_en": "First", "part": 1, "milestone": "kickoff"},
            {"number": 2, "name_ko": "잔금", "name_en": "Final", "part": 1, "milestone": "completion"},
        ],
        "milestones": [
            {"key": "kickoff", "name_ko": "착수계", "name_en": "Start", "after_days": 14},
            {
                "key": "completion",
                "name_ko": "완료점검",
                "name_en": "Final",
                "after_months": 6,
                "completes": True,
            },
        ],
        "indicators": [
            {
                "id": "agreements",
                "name_ko": "협약체결",
                "name_en": "Agreements",
                "unit": "회",
                "counts": "round.agreed",
                "target": 5,
                "yearly": {2022: 1, 2023: 1, 2024: 1, 2025: 1, 2026: 1},
            }
        ],
        "pledge": {
            "id": "strong-firms",
            "name_ko": "강소기업",
            "name_en": "Firms",
            "owner_ko": "과",
            "owner_en": "Office",
        },
        "plan": a_plan({"2022": 2_000, "2023": 2_000, "2026H1": 2_000}),
    }
    return Definition.model_validate(fields | changes)


def a_plan(periods: dict[str, int]) -> list[dict[str, Any]]:
    """Return plan cells by the ratios; the periods' totals are million won."""
    return [
        {"period": period, "funder": funder, "amount_krw": krw}
        for period, total in periods.items()
        for funder, krw in split(total * 1_000_000, RATIO, Funder.SELF).items()
    ]


def published(day: str = "2022-01-03", version: int = 1, **changes: Any) -> a.ProgrammePublished:
    return a.ProgrammePublished(
        programme_id=PROGRAMME, version=version, definition=a_definition(**changes), occurred_on=on(day)
    )


def opened(quota: dict[str, int] | None = None, year: int = 2024) -> a.RoundOpened:
    day = date(year, 3, 1)
    return a.RoundOpened(
        programme_id=PROGRAMME,
        round_id=f"test-{year}",
        year=year,
        name_ko="공고",
        opens_on=day,
        closes_on=day + timedelta(days=30),
        quota=quota or {"JS1": 2, "JS2": 1},
        occurred_on=day,
    )


def case_fields(name: str) -> dict[str, Any]:
    return {"case_id": an_id(f"case {name}"), "programme_id": PROGRAMME}


def registered(name: str) -> a.CompanyRegistered:
    return a.CompanyRegistered(
        company_id=an_id(f"company {name}"),
        business_number="1248100998",
        name_ko=f"기업 {name}",
        municipality="52130",
        occurred_on=on("2024-03-01"),
    )


def applied(
    name: str, track: str = "JS1", municipality: str = "52130", day: str = "2024-03-20", year: int = 2024
) -> a.ApplicationSubmitted:
    return a.ApplicationSubmitted(
        **case_fields(name),
        round_id=f"test-{year}",
        year=year,
        company_id=an_id(f"company {name}"),
        municipality=municipality,
        receipt_number=f"TSF-{name}",
        track=track,
        total_krw=100_000_000,
        requested_krw={},
        occurred_on=on(day),
    )


def selected(name: str, day: str = "2024-05-01", via: a.Via = "ranking") -> a.CompanySelected:
    fields = {"round_id": ROUND, "year": 2024, "rank": 1, "score": "250/3"}
    return a.CompanySelected.model_validate(case_fields(name) | fields | {"via": via, "occurred_on": on(day)})


def reserved(name: str, day: str = "2024-05-01") -> a.CompanyReserved:
    fields = {"round_id": ROUND, "year": 2024, "rank": 3, "score": "80"}
    return a.CompanyReserved.model_validate(case_fields(name) | fields | {"occurred_on": on(day)})


def abandoned(name: str, day: str) -> a.CaseAbandoned:
    return a.CaseAbandoned(**case_fields(name), stage="before_agreement", reason="사정", occurred_on=on(day))


def agreed(name: str, day: str = "2024-07-15", total_krw: int = 100_000_000) -> a.AgreementSigned:
    return a.AgreementSigned(
        **case_fields(name),
        version=1,
        company_id=an_id(f"company {name}"),
        year=2024,
        municipality="52130",
        total_krw=total_krw,
        shares_krw=split(total_krw, RATIO, Funder.SELF),
        starts_on=on(day),
        ends_on=on(day) + timedelta(days=300),
        occurred_on=on(day),
    )


def milestone(name: str, due: str, key: str = "completion") -> dict[str, Any]:
    return case_fields(name) | {"milestone": key, "due_on": on(due), "completes": key == "completion"}


def scheduled(name: str, due: str, day: str = "2024-07-15", key: str = "completion") -> m.MilestoneScheduled:
    company = an_id(f"company {name}")
    return m.MilestoneScheduled(**milestone(name, due, key), company_id=company, occurred_on=on(day))


def achieved(name: str, due: str, day: str, key: str = "completion") -> m.MilestoneAchieved:
    return m.MilestoneAchieved(**milestone(name, due, key), evidence="문서-1", occurred_on=on(day))


def visited(name: str, day: str = "2024-09-01") -> m.MentorVisited:
    company = an_id(f"company {name}")
    return m.MentorVisited(
        **case_fields(name), company_id=company, mentor_id="M-1", work="공정 진단", occurred_on=on(day)
    )


def recorded(
    name: str, years: tuple[int, int], status: str, amounts: dict[Funder, int] | None = None
) -> a.CaseRecorded:
    fields = {
        "system": "legacy",
        "record_id": name,
        "company_name_ko": f"기업 {name}",
        "municipality": "47150",
        "year_from": years[0],
        "year_to": years[1],
        "status": status,
        "amounts_krw": amounts or {},
        "occurred_on": on("2021-12-31"),
    }
    return a.CaseRecorded.model_validate(case_fields(name) | fields)


def booked(name: str, year: int, amounts: dict[Funder, int], day: str = "2021-12-31") -> f.PastSpendingBooked:
    return f.PastSpendingBooked(
        **case_fields(name), fiscal_year=year, amounts_krw=amounts, occurred_on=on(day)
    )


def committed(name: str, day: str = "2024-07-15", krw: int = 40_000_000) -> f.FundsCommitted:
    years = [f.YearShares(fiscal_year=2024, amounts_krw={Funder.CITY: krw})]
    return f.FundsCommitted(
        **case_fields(name), company_id=an_id(f"company {name}"), years=years, occurred_on=on(day)
    )


def released(name: str, day: str, krw: int) -> f.CommitmentReleased:
    years = [f.YearShares(fiscal_year=2024, amounts_krw={Funder.CITY: krw})]
    return f.CommitmentReleased(**case_fields(name), years=years, occurred_on=on(day))


def tranche(name: str, krw: int = 20_000_000) -> dict[str, Any]:
    fields = {"number": 1, "fiscal_year": 2024, "due_on": on("2024-07-29"), "amounts_krw": {Funder.CITY: krw}}
    return case_fields(name) | fields


def tranches(name: str) -> list[Event]:
    """Return a tranche's events: scheduled, requested, approved, instructed, failed once, then disbursed."""
    fields, payment = tranche(name), {"payment_id": an_id(f"payment {name}")}
    return [
        f.TrancheScheduled(**fields, milestone="kickoff", occurred_on=on("2024-07-15")),
        f.TrancheReady(**fields, occurred_on=on("2024-07-29")),
        f.TrancheRequested(**fields, requested_by="K-1", occurred_on=on("2024-08-01")),
        f.TrancheApproved(**fields, approved_by="J-1", occurred_on=on("2024-08-02")),
        f.TrancheInstructed(**fields, **payment, instructed_by="P-1", occurred_on=on("2024-08-03")),
        f.TrancheFailed(**fields, **payment, reason="계좌 오류", occurred_on=on("2024-08-05")),
        f.TrancheRequested(**fields, requested_by="K-1", occurred_on=on("2024-08-06")),
        f.TrancheApproved(**fields, approved_by="J-1", occurred_on=on("2024-08-07")),
        f.TrancheInstructed(**fields, **payment, instructed_by="P-1", occurred_on=on("2024-08-08")),
        f.TrancheDisbursed(**fields, **payment, treasury_reference="T-1", occurred_on=on("2024-08-09")),
    ]


def messages(name: str) -> list[Event]:
    fields = case_fields(name) | {
        "message_id": an_id(f"message {name}"),
        "template": "selected",
        "channel": "sms",
        "occurred_on": on("2024-05-01"),
    }
    return [
        n.MessageSent(**fields, provider_reference="S-1"),
        n.MessageDelivered(**fields, provider_reference="S-1"),
    ]


def round_agreed(year: int, day: str) -> a.RoundAgreed:
    return a.RoundAgreed(
        programme_id=PROGRAMME,
        round_id=f"test-{year}",
        year=year,
        agency_ko="테크노파크",
        occurred_on=on(day),
    )


def progress(percent: int, day: str) -> m.PledgeProgressReported:
    return m.PledgeProgressReported(
        programme_id=PROGRAMME,
        pledge_id="strong-firms",
        percent=percent,
        reported_by_ko="투자유치과",
        occurred_on=on(day),
    )


def a_case(name: str) -> list[Event]:
    """Return the events of one case from application to completion, over all services."""
    return [
        registered(name),
        applied(name),
        a.ApplicationScreened(**case_fields(name), eligible=True, occurred_on=on("2024-04-10")),
        selected(name),
        *messages(name),
        agreed(name),
        committed(name),
        scheduled(name, "2024-07-29", key="kickoff"),
        scheduled(name, "2025-01-15"),
        f.SelfContributionConfirmed(
            **case_fields(name),
            fiscal_year=2024,
            amount_krw=20_000_000,
            evidence="통장",
            occurred_on=on("2024-07-20"),
        ),
        achieved(name, "2024-07-29", "2024-07-28", key="kickoff"),
        *tranches(name),
        visited(name),
        achieved(name, "2025-01-15", "2025-01-10"),
    ]
