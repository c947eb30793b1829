"""Jeonbuk 2024, after the selection: agreements, payments, checks and mentors' visits up to the business date."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import case_steps
from tools.demo.case_steps import Answer
from tools.demo.randomness import later
from tools.demo.settings import Jeonbuk
from tools.demo.smart_factory_cases import MONTHS, Building
from tools.demo.steps import Step, Strand

WORK = ("공정 진단", "현장 환경개선", "과제 발굴", "공정 최적화", "제조 노하우 전수")


def agreements(buildings: list[Building]) -> list[Strand]:
    return [[case_steps.sign(one.case, one.total_krw, MONTHS, one.agreed_on)] for one in buildings]


def milestones(buildings: list[Building], business_date: date) -> list[Strand]:
    """Starts of work, interim checks whose day has come, and the completions."""
    return [_milestones(one, business_date) for one in buildings]


def _milestones(one: Building, business_date: date) -> list[Step]:
    steps: list[Step] = [case_steps.achieve(one.case, "kickoff", later(one.agreed_on, 7))]
    if (due := add_months(one.agreed_on, 3)) <= business_date:
        steps.append(case_steps.achieve(one.case, "interim", later(due, -3)))
    if one.completed_on is not None:
        steps.append(case_steps.achieve(one.case, "completion", one.completed_on))
    return steps


def first_payments(buildings: list[Building], definition: Definition) -> list[Strand]:
    """The company's own deposit first, then the first instalment."""
    return [
        [
            case_steps.contribute(
                one.case, definition.split(one.total_krw)[Funder.SELF], later(one.agreed_on, 4)
            ),
            *case_steps.pay(one.case, 1, later(one.agreed_on, 10)),
        ]
        for one in buildings
    ]


def final_payments(story: Jeonbuk, buildings: list[Building]) -> list[Strand]:
    """The last ones instructed have no answer of the treasury yet, or were refused by it."""
    return [
        case_steps.pay(one.case, 2, later(on, 1), answer)
        for on, one, answer in _final_answers(story, buildings)
    ]


def unanswered(story: Jeonbuk, buildings: list[Building]) -> list[Building]:
    return [one for _, one, answer in _final_answers(story, buildings) if answer == "none"]


def _final_answers(story: Jeonbuk, buildings: list[Building]) -> list[tuple[date, Building, Answer]]:
    """Who is paid the final instalment, by the date of completion."""
    until = story.final_payments_for_completion_until
    ended = [(one.completed_on, one) for one in buildings if one.completed_on and one.completed_on <= until]
    ended.sort(key=lambda pair: (pair[0], pair[1].case.key))
    answers: list[Answer] = ["executed"] * (len(ended) - story.unconfirmed - story.rejected)
    answers += ["none"] * story.unconfirmed
    answers += ["rejected"] * story.rejected
    return [(on, one, answer) for (on, one), answer in zip(ended, answers, strict=True)]


def visits(story: Jeonbuk, buildings: list[Building], seed: int) -> list[Strand]:
    """One visit a company, by a mentor who works there for six to eight weeks."""
    random = Random(f"{seed}/visits")
    visited = random.sample(buildings, story.visits)
    mentors = random.sample(range(1, story.mentors + 1), story.visits)
    return [_visit(one, number, random) for one, number in zip(visited, mentors, strict=True)]


def _visit(one: Building, number: int, random: Random) -> list[Step]:
    mentor, starts_on = f"mentor-{number:02d}", later(one.agreed_on, 10)
    weeks, work = random.randint(6, 8), random.choice(WORK)
    return [
        one.case.call("mentor", "monitoring", "mentors", starts_on, mentor_id=mentor, weeks=weeks),
        one.case.call("visit", "monitoring", "visits", later(starts_on, 3), mentor_id=mentor, work=work),
    ]
