"""Jeonbuk 2024 after the selection: agreements, payments, milestones and mentors' visits up to the business date."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder
from tools.demo import case_steps
from tools.demo.case_steps import TreasuryAnswer
from tools.demo.randomness import add_business_days
from tools.demo.settings import JeonbukSettings
from tools.demo.smart_factory_cases import BUILD_MONTHS, SmartFactoryCase
from tools.demo.steps import Lane, Step

WORK = ("공정 진단", "현장 환경개선", "과제 발굴", "공정 최적화", "제조 노하우 전수")


def agreements(cases: list[SmartFactoryCase]) -> list[Lane]:
    return [[case_steps.sign(row.case, row.total_krw, BUILD_MONTHS, row.agreed_on)] for row in cases]


def milestones(cases: list[SmartFactoryCase], business_date: date) -> list[Lane]:
    """Build starts of work, interim checks that are due by the business date, and the completions."""
    return [_milestones(row, business_date) for row in cases]


def _milestones(row: SmartFactoryCase, business_date: date) -> list[Step]:
    steps: list[Step] = [case_steps.achieve(row.case, "kickoff", add_business_days(row.agreed_on, 7))]
    if (due := add_months(row.agreed_on, 3)) <= business_date:
        steps.append(case_steps.achieve(row.case, "interim", add_business_days(due, -3)))
    if row.completed_on is not None:
        steps.append(case_steps.achieve(row.case, "completion", row.completed_on))
    return steps


def first_payments(cases: list[SmartFactoryCase], definition: Definition) -> list[Lane]:
    """Build each company's self-contribution and, after it, the first tranche."""
    return [
        [
            case_steps.contribute(
                row.case, definition.split(row.total_krw)[Funder.SELF], add_business_days(row.agreed_on, 4)
            ),
            *case_steps.pay(row.case, 1, add_business_days(row.agreed_on, 10)),
        ]
        for row in cases
    ]


def final_payments(settings: JeonbukSettings, cases: list[SmartFactoryCase]) -> list[Lane]:
    """Build the second tranches; the last instructed ones stay without an answer or are rejected by the treasury."""
    return [
        case_steps.pay(row.case, 2, add_business_days(on, 1), answer)
        for on, row, answer in _final_answers(settings, cases)
    ]


def unanswered(settings: JeonbukSettings, cases: list[SmartFactoryCase]) -> list[SmartFactoryCase]:
    return [row for _, row, answer in _final_answers(settings, cases) if answer == "none"]


def _final_answers(
    settings: JeonbukSettings, cases: list[SmartFactoryCase]
) -> list[tuple[date, SmartFactoryCase, TreasuryAnswer]]:
    """Return (date of completion, case, treasury's answer) of each second tranche, by date of completion."""
    until = settings.final_payments_for_completion_until
    completed = [(row.completed_on, row) for row in cases if row.completed_on and row.completed_on <= until]
    completed.sort(key=lambda pair: (pair[0], pair[1].case.key))
    answers: list[TreasuryAnswer] = ["executed"] * (len(completed) - settings.unconfirmed - settings.rejected)
    answers += ["none"] * settings.unconfirmed
    answers += ["rejected"] * settings.rejected
    return [(on, row, answer) for (on, row), answer in zip(completed, answers, strict=True)]


def visits(settings: JeonbukSettings, cases: list[SmartFactoryCase], seed: int) -> list[Lane]:
    """Build one visit a company, by a mentor who works there for six to eight weeks."""
    random = Random(f"{seed}/visits")
    visited = random.sample(cases, settings.visits)
    mentors = random.sample(range(1, settings.mentors + 1), settings.visits)
    return [_visit(row, number, random) for row, number in zip(visited, mentors, strict=True)]


def _visit(row: SmartFactoryCase, number: int, random: Random) -> list[Step]:
    mentor, starts_on = f"mentor-{number:02d}", add_business_days(row.agreed_on, 10)
    visited_on = add_business_days(starts_on, 3)
    weeks, work = random.randint(6, 8), random.choice(WORK)
    return [
        row.case.call("mentor", "monitoring", "mentors", starts_on, mentor_id=mentor, weeks=weeks),
        row.case.call("visit", "monitoring", "visits", visited_on, mentor_id=mentor, work=work),
    ]
