"""What the old systems recorded: one event a company, whose money sums to the documents' to the won."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.money import split
from tools.demo.companies import Company, code
from tools.demo.gimcheon import CITY
from tools.demo.randomness import business_days, portions
from tools.demo.settings import Past, Settings
from tools.demo.steps import Publish, Strand

STRANDS = 8


def legacy_events(settings: Settings, definitions: dict[str, Definition], homes: list[str]) -> list[Publish]:
    """All past results; `homes` are the municipalities of a programme of a whole province."""
    return [
        event
        for past in settings.past
        for event in _events(past, definitions[past.programme], homes, settings.seed)
    ]


def side_by_side(events: list[Strand]) -> list[Strand]:
    """A few strands are enough: nothing waits for an answer."""
    return [[step for strand in events[start::STRANDS] for step in strand] for start in range(STRANDS)]


def _events(past: Past, definition: Definition, homes: list[str], seed: int) -> list[Publish]:
    random = Random(f"{seed}/{past.records}/{past.years}")
    amounts = _amounts(past, definition, random)
    # Told at the end of its years; what 2022 says must be known on the document's own date, 2022-12-30.
    month = 12 if past.years[1] < 2022 else 11
    days = business_days(date(past.years[1], month, 1), date(past.years[1], month, 30))
    return [
        _event(
            past,
            past.first + index,
            amounts[index],
            random.choice(homes) if definition.region == "44" else CITY,
            random.choice(days),
        )
        for index in range(past.companies)
    ]


def _amounts(past: Past, definition: Definition, random: Random) -> list[dict[str, int]]:
    """By funder, each company's own total divided by the programme's ratios without a remainder."""
    if past.total_krw is None or definition.remainder_to is None:
        return [{} for _ in range(past.companies)]
    unit = 1_000 * sum(definition.funders.values())
    totals = portions(past.total_krw, past.companies, unit, random)
    return [
        {str(f): krw for f, krw in split(total, definition.funders, definition.remainder_to).items()}
        for total in totals
    ]


def _event(past: Past, number: int, amounts: dict[str, int], municipality: str, on: date) -> Publish:
    record = f"{past.records}-{past.years[1]}-{number:03d}"
    company = Company(code(past.company, number), municipality)
    data = {
        "record_id": record,
        "programme_id": past.programme,
        "company_name_ko": company.name_ko,
        "municipality": company.municipality,
        "year_from": past.years[0],
        "year_to": past.years[1],
        "status": past.status,
        "amounts_krw": amounts,
        "occurred_on": on.isoformat(),
    }
    return Publish(
        f"legacy/{record}", "legacy.case_recorded.v1", data | ({"track": past.track} if past.track else {})
    )
