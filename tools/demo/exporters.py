"""Gimcheon 2022: the export menu's eleven companies, from application to completion."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import case_steps, rounds
from tools.demo.actors import GIMCHEON
from tools.demo.case_steps import Case, CaseSteps
from tools.demo.companies import Company, code
from tools.demo.gimcheon import CITY
from tools.demo.randomness import add_business_days, random_business_days, random_multiple
from tools.demo.settings import ExportMenuSettings
from tools.demo.steps import Step

FIRST = 53  # the companies before are those of 2019 to 2021
MONTHS = 8  # until the completion report
UNIT_KRW = 6_000  # divides by the programme's ratio without a remainder


def exporters(settings: ExportMenuSettings, definition: Definition, seed: int) -> list[CaseSteps]:
    """Build the steps of all eleven companies; each of them is selected."""
    random = Random(f"{seed}/menu")
    days = random_business_days(*settings.agreements, settings.companies, random)
    return [_exporter(settings, definition, number, on, random) for number, on in enumerate(days)]


def _exporter(
    settings: ExportMenuSettings, definition: Definition, number: int, on: date, random: Random
) -> CaseSteps:
    case = Case(settings.programme, Company(code("E", FIRST + number), CITY), GIMCHEON)
    total = random_multiple(*settings.total_krw, UNIT_KRW, random)
    return CaseSteps(
        application=_application(
            settings, definition, case, total, mean_score=90 - 2 * number, random=random
        ),
        agreement=[case_steps.sign(case, total, MONTHS, on)],
        milestones=[
            case_steps.achieve(case, "plan", add_business_days(on, 8)),
            case_steps.achieve(case, "completion", add_business_days(add_months(on, MONTHS), -3)),
        ],
        payments=[
            case_steps.contribute(case, definition.split(total)[Funder.SELF], add_business_days(on, 3)),
            *case_steps.pay(case, 1, add_business_days(on, 10)),
        ],
    )


def _application(
    settings: ExportMenuSettings,
    definition: Definition,
    case: Case,
    total: int,
    *,
    mean_score: int,
    random: Random,
) -> list[Step]:
    assert definition.review is not None
    round_id = rounds.round_id_of(settings.programme, settings.round)
    day = random.choice(random_business_days(settings.round.opens_on, settings.round.closes_on, 5, random))
    criteria = definition.review.criteria
    return [
        *case_steps.register(case.company, GIMCHEON, day),
        case_steps.apply(case, round_id, settings.track, total, day),
        rounds.screen(case, settings.screened_on, []),
        *rounds.reviews(case, mean_score, criteria, on=settings.reviewed_on, random=random),
    ]


def selection(settings: ExportMenuSettings) -> list[Step]:
    """Build the closing of the round and its selection, which must select every company."""
    round_id = rounds.round_id_of(settings.programme, settings.round)
    return [
        rounds.close_round(round_id, GIMCHEON, settings.round.closes_on),
        rounds.select(round_id, GIMCHEON, settings.selected_on, {"selected": settings.companies}),
    ]
