"""Gimcheon 2022: the city's top-up for three companies that the ministry has selected; and the pledge's report."""

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import actors, case_steps, rounds
from tools.demo.actors import GIMCHEON
from tools.demo.case_steps import Case, CaseSteps
from tools.demo.companies import Company
from tools.demo.randomness import add_business_days
from tools.demo.settings import MinistrySelection, PledgeReport, TopUpSettings
from tools.demo.steps import Await, Call, Publish

CITY = "47150"
MONTHS = 6  # of building


def top_ups(settings: TopUpSettings, definition: Definition) -> list[CaseSteps]:
    """Build the cases: selected by the ministry, agreed, paid once by 2022-06-30, completed in the autumn."""
    return [_top_up(settings, selection, definition) for selection in settings.companies]


def _top_up(settings: TopUpSettings, selection: MinistrySelection, definition: Definition) -> CaseSteps:
    case = Case(settings.programme, Company(selection.company, CITY), GIMCHEON)
    on, ends = selection.agreed_on, add_months(selection.agreed_on, MONTHS)
    self_krw = definition.split(selection.total_krw)[Funder.SELF]
    return CaseSteps(
        application=[
            *case_steps.register(case.company, GIMCHEON, settings.round.opens_on),
            _ministry_selection(settings, selection, case),
        ],
        agreement=[opened_case(case), case_steps.sign(case, selection.total_krw, MONTHS, on)],
        milestones=[
            case_steps.achieve(case, "kickoff", add_business_days(on, 9)),
            case_steps.achieve(case, "interim", add_business_days(add_months(on, 3), -1)),
            case_steps.achieve(case, "completion", add_business_days(ends, -2)),
        ],
        payments=[
            case_steps.contribute(case, self_krw, add_business_days(on, 5)),
            *case_steps.pay(case, 1, add_business_days(on, 11)),
            *case_steps.pay(case, 2, add_business_days(ends, 1)),
        ],
    )


def _ministry_selection(settings: TopUpSettings, selection: MinistrySelection, case: Case) -> Publish:
    data = {
        "programme_id": settings.programme,
        "round_id": rounds.round_id_of(settings.programme, settings.round),
        "business_number": case.company.business_number,
        "company_name_ko": case.company.name_ko,
        "municipality": CITY,
        "total_krw": selection.total_krw,
        "occurred_on": selection.selected_on.isoformat(),
    }
    return Publish(f"{case.key}/ministry", "ministry.company_selected.v1", data)


def opened_case(case: Case) -> Await:
    """Wait for the case that the ministry's event opens, and capture its id from the company's own list."""
    return Await(
        key=f"{case.key}/opened",
        service="applications",
        path="/me/cases",
        actor=actors.company(case.company.code),
        condition="own_case",
        parameters={"capture_as": f"case:{case.key}", "programme_id": case.programme},
        waiting_for_ko=f"{case.company.name_ko}: 중기부 선정으로 열릴 과제",
        waiting_for_en=f"{case.company.name_ko}: the case that the ministry's selection opens",
    )


def pledge_report(report: PledgeReport) -> Call:
    return Call(
        f"{report.pledge}/{report.occurred_on}",
        "monitoring",
        f"/pledges/{report.pledge}/progress",
        GIMCHEON.officer,
        {
            "programme_id": report.programme,
            "percent": report.percent,
            "reported_by_ko": report.reported_by_ko,
            "occurred_on": report.occurred_on.isoformat(),
        },
    )
