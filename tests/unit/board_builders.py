"""Builders of board views for tests: a page, a programme with few or all sections, a case, an event."""

from datetime import UTC, date, datetime
from typing import Any

from services.monitoring.board.parts.case_view import CaseView, Company, TimelineEntry
from services.monitoring.figures.companies import CompanyYear, Mentors, MunicipalityRow, Round
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.money import Execution, ExecutionRow
from services.monitoring.figures.pledges import Indicator, Pledge
from services.monitoring.figures.programme import DueMilestone, ProgrammeView, Risk
from shared.web.ui.page import Page, PageViewer
from shared.web.ui.values import Text, YearRange

MID_2022 = date(2022, 6, 30)
NOW = date(2025, 1, 20)


def a_page(**changes: object) -> Page:
    values: dict[str, Any] = {
        "path": "/",
        "lang": "ko",
        "unit": 1_000_000,
        "as_of": NOW,
        "today": NOW,
        "clock_pinned": False,
        "viewer": PageViewer("시연", "viewer.officer", is_demo=True),
    }
    return Page(**(values | changes))


def a_programme(**changes: object) -> ProgrammeView:
    values: dict[str, Any] = {
        "id": "a-programme",
        "name": Text("어떤 사업", "A programme"),
        "short_name": Text("사업", "Programme"),
        "authority": Text("김천시"),
        "stage": "running",
        "years": YearRange(2019, 2026),
        "last_event_on": None,
    }
    return ProgrammeView(**(values | changes))


def an_entry(event_name: str, **params: object) -> TimelineEntry:
    return TimelineEntry(NOW, datetime(2025, 1, 20, tzinfo=UTC), "funding", event_name, "e1", params)


def with_everything(**changes: object) -> ProgrammeView:
    """Return a programme with a goal, a round, money without a plan, municipalities, mentors and a pledge."""
    values: dict[str, Any] = {
        "years": YearRange(2024, 2026),
        "total": Figure(30_500_000_000),
        "companies_planned": Figure(300),
        "rounds": (
            Round(2024, None, applied=Figure(176), selected=Figure(70), completed_or_about_to=Figure(39)),
            Round(2025, None, planned=Figure(71)),
        ),
        "companies": (CompanyYear(YearRange(2024, 2024), Figure(21), Figure(49)),),
        "execution": Execution(
            2025, (ExecutionRow("all", Figure(None), Figure(1_882_000_000), Figure(233_000_000)),)
        ),
        "municipalities": (MunicipalityRow("52110", Text("전주시"), Figure(29), Figure(12), Figure(7)),) * 15,
        "mentors": Mentors(Figure(30), Figure(25), Figure(70)),
        "due": (DueMilestone(NOW, Text("완료점검"), "warning", (("c1", "기업 B"),)),) * 16,
        "pledge": Pledge(Text("공약"), Text("부서"), Figure(30), MID_2022),
        "indicators": (Indicator("i", Text("협약"), Text("회"), Figure(5), Figure(1), ()),),
        "risks": (Risk(Text("문제"), Text("대책")),),
    }
    return a_programme(**(values | changes))


def a_case(**changes: object) -> CaseView:
    company = Company("기업 B-031", "123-**-***01")
    values: dict[str, Any] = {
        "number": "J-1",
        "status": "completed",
        "company": company,
        "programme_id": "p",
        "programme_name": Text("사업", "Programme"),
        "year": 2024,
    }
    return CaseView(**(values | changes))


def companies_of_2022(running: int, planned_new: int) -> tuple[CompanyYear, ...]:
    return (CompanyYear(YearRange(2022, 2022), Figure(0), Figure(running), Figure(planned_new)),)
