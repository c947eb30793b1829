"""Past results from the old systems: one event a company; the amounts sum to the documents' totals to the won."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from random import Random

from shared.events.definition import Definition
from shared.values.money import split
from tools.demo.companies import Company, code
from tools.demo.gimcheon import CITY
from tools.demo.randomness import business_days, portions
from tools.demo.settings import PastResults, Settings
from tools.demo.steps import Lane, Publish

LANES = 8


def legacy_events(
    settings: Settings,
    definitions: dict[str, Definition],
    published_on: Mapping[str, date],
    municipalities: list[str],
) -> list[Publish]:
    """Build all past results; the companies of a programme of a whole province are spread over `municipalities`.

    Each bears its own old date, and is sent on the day on which its programme is published.
    """
    return [
        replace(event, not_before=published_on[results.programme])
        for results in settings.past_results
        for event in _events(results, definitions[results.programme], municipalities, settings.seed)
    ]


def in_lanes(events: list[Lane]) -> list[Lane]:
    """Merge the events into a few lanes: enough, as no event waits for a response."""
    return [[step for lane in events[start::LANES] for step in lane] for start in range(LANES)]


def _events(
    results: PastResults, definition: Definition, municipalities: list[str], seed: int
) -> list[Publish]:
    random = Random(f"{seed}/{results.records}/{results.years}")
    amounts = _amounts(results, definition, random)
    # Recorded at the end of its years; what 2022 contains must be known on the document's own date, 2022-12-30.
    month = 12 if results.years[1] < 2022 else 11
    days = business_days(date(results.years[1], month, 1), date(results.years[1], month, 30))
    return [
        _event(
            results,
            results.first + index,
            amounts[index],
            random.choice(municipalities) if definition.region == "44" else CITY,
            random.choice(days),
        )
        for index in range(results.companies)
    ]


def _amounts(results: PastResults, definition: Definition, random: Random) -> list[dict[str, int]]:
    """Return each company's won by funder: its total divided by the programme's ratios without a remainder."""
    if results.total_krw is None or definition.remainder_to is None:
        return [{} for _ in range(results.companies)]
    unit = 1_000 * sum(definition.funders.values())
    totals = portions(results.total_krw, results.companies, unit, random)
    return [
        {str(f): krw for f, krw in split(total, definition.funders, definition.remainder_to).items()}
        for total in totals
    ]


def _event(
    results: PastResults, number: int, amounts: dict[str, int], municipality: str, on: date
) -> Publish:
    record_id = f"{results.records}-{results.years[1]}-{number:03d}"
    company = Company(code(results.company, number), municipality)
    data = {
        "record_id": record_id,
        "programme_id": results.programme,
        "company_name_ko": company.name_ko,
        "municipality": company.municipality,
        "year_from": results.years[0],
        "year_to": results.years[1],
        "status": results.status,
        "amounts_krw": amounts,
        "occurred_on": on.isoformat(),
    }
    track = {"track": results.track} if results.track else {}
    return Publish(f"legacy/{record_id}", "legacy.case_recorded.v1", data | track)
