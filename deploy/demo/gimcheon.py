"""Gimcheon 2022: three top-ups of the ministry's selections, and eleven exporters of the menu."""

from datetime import date
from random import Random

from deploy.demo import actors, case_steps, rounds
from deploy.demo.actors import GIMCHEON
from deploy.demo.case_steps import Case
from deploy.demo.chance import later, multiple, spread_over
from deploy.demo.companies import Company, code
from deploy.demo.settings import Menu, MinistrySelection, Pledge, TopUp
from deploy.demo.steps import Await, Call, Publish, Step, Strand
from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder

CITY = "47150"


def top_ups(story: TopUp, definition: Definition) -> list[Strand]:
    """Each selected by the ministry, agreed, paid once by 2022-06-30, and completed in the autumn."""
    return [_top_up(story, selection, definition) for selection in story.companies]


def _top_up(story: TopUp, chosen: MinistrySelection, definition: Definition) -> list[Step]:
    case = Case(story.programme, Company(chosen.company, CITY), GIMCHEON)
    on = chosen.agreed_on
    return [
        *case_steps.register(case.company, GIMCHEON, story.round.opens_on),
        _selected_by_the_ministry(story, chosen, case),
        own_case(case),
        case_steps.sign(case, chosen.total_krw, 6, on),
        case_steps.contribute(case, definition.split(chosen.total_krw)[Funder.SELF], later(on, 5)),
        case_steps.achieve(case, "kickoff", later(on, 9)),
        *case_steps.pay(case, 1, later(on, 11)),
        case_steps.achieve(case, "interim", later(add_months(on, 3), -1)),
        case_steps.achieve(case, "completion", later(add_months(on, 6), -2)),
        *case_steps.pay(case, 2, later(add_months(on, 6), 1)),
    ]


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


def exporters(story: Menu, definition: Definition, seed: int) -> tuple[list[Strand], list[Strand]]:
    """Before and after the selection."""
    random = Random(f"{seed}/menu")
    days = spread_over(*story.agreements, story.companies, random)
    made = [_exporter(story, definition, number, random) for number in range(story.companies)]
    return [before for _, _, before in made], [
        _agreed(case, total, on, definition) for (case, total, _), on in zip(made, days, strict=True)
    ]


def menu_selection(story: Menu) -> list[Step]:
    """The call is closed; all eleven find a place."""
    round_id = rounds.round_of(story.programme, story.round)
    return [
        rounds.close_round(round_id, GIMCHEON, story.round.closes_on),
        rounds.select(round_id, GIMCHEON, story.selected_on, {"selected": story.companies}),
    ]


def _exporter(
    story: Menu, definition: Definition, number: int, random: Random
) -> tuple[Case, int, list[Step]]:
    assert definition.review is not None
    case = Case(story.programme, Company(code("E", 53 + number), CITY), GIMCHEON)
    total = multiple(*story.total_krw, 6_000, random)
    day = random.choice(spread_over(story.round.opens_on, story.round.closes_on, 5, random))
    round_id = rounds.round_of(story.programme, story.round)
    criteria = definition.review.criteria
    return (
        case,
        total,
        [
            *case_steps.register(case.company, GIMCHEON, day),
            case_steps.apply(case, round_id, story.track, total, day),
            rounds.screen(case, story.screened_on, []),
            *rounds.reviews(case, 90 - 2 * number, criteria, on=story.reviewed_on, random=random),
        ],
    )


def _agreed(case: Case, total: int, on: date, definition: Definition) -> list[Step]:
    return [
        case_steps.sign(case, total, 8, on),
        case_steps.contribute(case, definition.split(total)[Funder.SELF], later(on, 3)),
        case_steps.achieve(case, "plan", later(on, 8)),
        *case_steps.pay(case, 1, later(on, 10)),
        case_steps.achieve(case, "completion", later(add_months(on, 8), -3)),
    ]


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
