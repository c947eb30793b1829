"""Final steps of the scenario: wait for the treasury's answers, then run the deadlines up to the business date."""

from collections.abc import Mapping

from shared.events.definition import Definition
from shared.values.money import instalments, public
from tools.demo.actors import OPERATOR
from tools.demo.jeonbuk_follow_up import unanswered
from tools.demo.settings import Settings
from tools.demo.smart_factory_cases import SmartFactoryCase
from tools.demo.steps import Await, Call, Lane


def deadlines(
    settings: Settings, first_versions: Mapping[str, Definition], cases: list[SmartFactoryCase]
) -> list[Lane]:
    """Build the deadline runs up to the business date, funding's after the treasury's answers: a demo has no timer."""
    answers = _awaited_treasury_answers(settings, first_versions, cases)
    return [[*answers, _deadlines("funding", settings)], [_deadlines("monitoring", settings)]]


def _awaited_treasury_answers(
    settings: Settings, first_versions: Mapping[str, Definition], cases: list[SmartFactoryCase]
) -> list[Await]:
    """Build the steps that wait until only the payments without an answer of the treasury are payable."""
    programme = settings.jeonbuk.programme
    definition = first_versions[programme]
    parts = [rule.part for rule in definition.tranches]
    unanswered_krw = sum(
        sum(instalments(public(definition.split(row.total_krw)), parts)[1].values())
        for row in unanswered(settings.jeonbuk, cases)
    )
    return [
        _payable(settings.top_up.programme, 2022, 0),
        _payable(settings.menu.programme, 2022, 0),
        _payable(programme, 2024, 0),
        _payable(programme, 2025, unanswered_krw),
    ]


def _payable(programme: str, year: int, krw: int) -> Await:
    return Await(
        key=f"{programme}/payable/{year}",
        service="funding",
        path=f"/budgets?programme_id={programme}&fiscal_year={year}",
        actor=OPERATOR,
        condition="payable",
        parameters={"payable_krw": krw},
        waiting_for_ko=f"{programme} {year}: 금고의 답이 모두 반영되기",
        waiting_for_en=f"{programme} {year}: the treasury's answers to be booked",
    )


def _deadlines(service: str, settings: Settings) -> Call:
    up_to = settings.business_date.isoformat()
    expect = {"unconfirmed": settings.jeonbuk.unconfirmed} if service == "funding" else {}
    return Call(f"deadlines/{service}", service, "/deadlines", OPERATOR, {"up_to": up_to}, expect=expect)
