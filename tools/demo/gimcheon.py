"""Gimcheon 2022: three companies that the ministry has selected, topped up by the city; and the pledge's report."""

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import actors, case_steps, rounds
from tools.demo.actors import GIMCHEON
from tools.demo.case_steps import Case, Course
from tools.demo.companies import Company
from tools.demo.randomness import later
from tools.demo.settings import MinistrySelection, Pledge, TopUp
from tools.demo.steps import Await, Call, Publish

CITY = "47150"
MONTHS = 6  # of building


def top_ups(story: TopUp, definition: Definition) -> list[Course]:
    """Each selected by the ministry, agreed, paid once by 2022-06-30, and completed in the autumn."""
    return [_top_up(story, selection, definition) for selection in story.companies]


def _top_up(story: TopUp, chosen: MinistrySelection, definition: Definition) -> Course:
    case = Case(story.programme, Company(chosen.company, CITY), GIMCHEON)
    on, ends = chosen.agreed_on, add_months(chosen.agreed_on, MONTHS)
    return Course(
        applies=[
            *case_steps.register(case.company, GIMCHEON, story.round.opens_on),
            _selected_by_the_ministry(story, chosen, case),
        ],
        agrees=[own_case(case), case_steps.sign(case, chosen.total_krw, MONTHS, on)],
        builds=[
            case_steps.achieve(case, "kickoff", later(on, 9)),
            case_steps.achieve(case, "interim", later(add_months(on, 3), -1)),
            case_steps.achieve(case, "completion", later(ends, -2)),
        ],
        is_paid=[
            case_steps.contribute(case, definition.split(chosen.total_krw)[Funder.SELF], later(on, 5)),
            *case_steps.pay(case, 1, later(on, 11)),
            *case_steps.pay(case, 2, later(ends, 1)),
        ],
    )


def _selected_by_the_ministry(story: TopUp, chosen: MinistrySelection, case: Case) -> Publish:
    data = {
        "programme_id": story.programme,
        "round_id": rounds.round_of(story.programme, story.round),
        "business_number": case.company.business_number,
        "company_name_ko": case.company.name_ko,
        "municipality": CITY,
        "total_krw": chosen.total_krw,
        "occurred_on": chosen.selected_on.isoformat(),
    }
    return Publish(f"{case.key}/ministry", "ministry.company_selected.v1", data)


def own_case(case: Case) -> Await:
    """The case that has opened by itself, found as its company finds it."""
    return Await(
        key=f"{case.key}/opened",
        service="applications",
        path="/me/cases",
        actor=actors.company(case.company.code),
        look="own_case",
        wanted={"keep": f"case:{case.key}", "programme_id": case.programme},
        why_ko=f"{case.company.name_ko}: 중기부 선정으로 열릴 과제",
        why_en=f"{case.company.name_ko}: the case that the ministry's selection opens",
    )


def pledge_report(story: Pledge) -> Call:
    return Call(
        f"{story.pledge}/{story.occurred_on}",
        "monitoring",
        f"/pledges/{story.pledge}/progress",
        GIMCHEON.officer,
        {
            "programme_id": story.programme,
            "percent": story.percent,
            "reported_by_ko": story.reported_by_ko,
            "occurred_on": story.occurred_on.isoformat(),
        },
    )
