"""Gimcheon 2022: the export menu's eleven companies, from application to completion."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import case_steps, rounds
from tools.demo.actors import GIMCHEON
from tools.demo.case_steps import Case, Course
from tools.demo.companies import Company, code
from tools.demo.gimcheon import CITY
from tools.demo.randomness import later, multiple, spread_over
from tools.demo.settings import Menu
from tools.demo.steps import Step

FIRST = 53  # the companies before are those of 2019 to 2021
MONTHS = 8  # until the completion report
UNIT_KRW = 6_000  # divides by the programme's ratio without a remainder


def exporters(story: Menu, definition: Definition, seed: int) -> list[Course]:
    """All eleven find a place."""
    random = Random(f"{seed}/menu")
    days = spread_over(*story.agreements, story.companies, random)
    return [_exporter(story, definition, number, on, random) for number, on in enumerate(days)]


def _exporter(story: Menu, definition: Definition, number: int, on: date, random: Random) -> Course:
    case = Case(story.programme, Company(code("E", FIRST + number), CITY), GIMCHEON)
    total = multiple(*story.total_krw, UNIT_KRW, random)
    return Course(
        applies=_applies(story, definition, case, total, mean=90 - 2 * number, random=random),
        agrees=[case_steps.sign(case, total, MONTHS, on)],
        builds=[
            case_steps.achieve(case, "plan", later(on, 8)),
            case_steps.achieve(case, "completion", later(add_months(on, MONTHS), -3)),
        ],
        is_paid=[
            case_steps.contribute(case, definition.split(total)[Funder.SELF], later(on, 3)),
            *case_steps.pay(case, 1, later(on, 10)),
        ],
    )


def _applies(
    story: Menu, definition: Definition, case: Case, total: int, *, mean: int, random: Random
) -> list[Step]:
    assert definition.review is not None
    day = random.choice(spread_over(story.round.opens_on, story.round.closes_on, 5, random))
    criteria = definition.review.criteria
    return [
        *case_steps.register(case.company, GIMCHEON, day),
        case_steps.apply(case, rounds.round_of(story.programme, story.round), story.track, total, day),
        rounds.screen(case, story.screened_on, []),
        *rounds.reviews(case, mean, criteria, on=story.reviewed_on, random=random),
    ]


def selection(story: Menu) -> list[Step]:
    """The call is closed, and the ranking fills the places."""
    round_id = rounds.round_of(story.programme, story.round)
    return [
        rounds.close_round(round_id, GIMCHEON, story.round.closes_on),
        rounds.select(round_id, GIMCHEON, story.selected_on, {"selected": story.companies}),
    ]
