"""How the story ends: every payment answered that will be, then the deadlines up to the business date."""

from collections.abc import Mapping

from shared.events.definition import Definition
from shared.values.money import instalments, public
from tools.demo.actors import OPERATOR
from tools.demo.jeonbuk_works import unanswered
from tools.demo.settings import Settings
from tools.demo.smart_factory_cases import Building
from tools.demo.steps import Await, Call, Strand


def treasury_has_answered(
    settings: Settings, first: Mapping[str, Definition], built: list[Building]
) -> list[Strand]:
    """Nothing is payable any more but what the treasury leaves open."""
    jeonbuk = settings.jeonbuk.programme
    parts = [rule.part for rule in first[jeonbuk].tranches]
    left_open = sum(
        sum(instalments(public(first[jeonbuk].split(one.total_krw)), parts)[1].values())
        for one in unanswered(settings.jeonbuk, built)
    )
    return [
        [_payable(settings.top_up.programme, 2022, 0)],
        [_payable(settings.menu.programme, 2022, 0)],
        [_payable(jeonbuk, 2024, 0)],
        [_payable(jeonbuk, 2025, left_open)],
    ]


def _payable(programme: str, year: int, krw: int) -> Await:
    return Await(
        key=f"{programme}/payable/{year}",
        service="funding",
        path=f"/budgets?programme_id={programme}&fiscal_year={year}",
        actor=OPERATOR,
        look="payable",
        wanted={"payable_krw": krw},
        why_ko=f"{programme} {year}: 금고의 답이 모두 반영되기",
        why_en=f"{programme} {year}: the treasury's answers to be booked",
    )


def deadlines(settings: Settings) -> list[Strand]:
    """What depends on time, up to the business date: no timer runs where the past is played."""
    return [[_deadlines(service, settings)] for service in ("funding", "monitoring")]


def _deadlines(service: str, settings: Settings) -> Call:
    up_to = settings.business_date.isoformat()
    expect = {"unconfirmed": settings.jeonbuk.unconfirmed} if service == "funding" else {}
    return Call(f"deadlines/{service}", service, "/deadlines", OPERATOR, {"up_to": up_to}, expect=expect)
