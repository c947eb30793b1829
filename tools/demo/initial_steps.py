"""Initial steps of the scenario: publish programmes, open rounds, allocate budgets."""

from collections.abc import Mapping
from datetime import date

from shared.events.definition import Definition, Proposal
from tools.demo import budgets, rounds
from tools.demo.actors import CHUNGNAM, GIMCHEON, JEONBUK, Office
from tools.demo.applicants import Applicant
from tools.demo.definitions import Publication
from tools.demo.settings import Settings
from tools.demo.smart_factory_cases import SmartFactoryCase
from tools.demo.steps import Call, Lane, Step

OFFICES: Mapping[str, Office] = {"47150": GIMCHEON, "52": JEONBUK, "44": CHUNGNAM}


def publications_and_rounds(settings: Settings, publications: list[Publication]) -> list[Lane]:
    """Build a lane for each first version, with its round if it has one; a proposal has none."""
    rounds_of = _rounds(settings)
    return [
        [publish(row), *rounds_of.get(row.content.programme_id, [])]
        for row in publications
        if row not in _later(publications)
    ]


def later_versions(publications: list[Publication]) -> list[Lane]:
    return [[publish(row)] for row in _later(publications)]


def _later(publications: list[Publication]) -> list[Publication]:
    ids = [row.content.programme_id for row in publications]
    return [row for index, row in enumerate(publications) if row.content.programme_id in ids[:index]]


def publish(publication: Publication) -> Call:
    content, on = publication.content, publication.published_on.isoformat()
    kind, path = ("proposal", "/proposals") if isinstance(content, Proposal) else ("definition", "")
    return Call(
        f"{content.programme_id}/publish/{on}",
        "applications",
        f"/programmes{path}",
        OFFICES[content.region].officer,
        {kind: content.model_dump(mode="json"), "occurred_on": on},
    )


def _rounds(settings: Settings) -> dict[str, list[Call]]:
    top_up, menu, jeonbuk = settings.top_up, settings.menu, settings.jeonbuk
    quota = {track: counts.quota for track, counts in jeonbuk.tracks.items()}
    return {
        top_up.programme: rounds.open_round(top_up.programme, top_up.round, {}, GIMCHEON),
        menu.programme: rounds.open_round(menu.programme, menu.round, {menu.track: menu.companies}, GIMCHEON),
        jeonbuk.programme: rounds.open_round(jeonbuk.programme, jeonbuk.round, quota, JEONBUK),
    }


def consulted_municipalities(publications: list[Publication]) -> list[str]:
    """Return the municipalities that the proposal asks: the old records' companies are spread over them."""
    return [
        municipality.code
        for row in publications
        if isinstance(row.content, Proposal)
        for municipality in row.content.municipalities
    ]


def allocations(
    settings: Settings,
    first_versions: Mapping[str, Definition],
    applicants: list[Applicant],
    cases: list[SmartFactoryCase],
) -> list[Lane]:
    """Build the allocations: Gimcheon's plan for 2022; for Jeonbuk, with no years in its plan, the agreements' needs."""
    steps: list[Step] = []
    for programme in (settings.top_up.programme, settings.menu.programme):
        planned = budgets.planned_budgets(first_versions[programme], 2022)
        steps += budgets.allocations(programme, planned, GIMCHEON, date(2022, 1, 4))
    programme = settings.jeonbuk.programme
    agreements = _agreements(settings, applicants, cases)
    required = budgets.required_budgets(first_versions[programme], agreements)
    steps += budgets.allocations(programme, required, JEONBUK, date(2024, 2, 1))
    return [[step] for step in steps]


def _agreements(
    settings: Settings, applicants: list[Applicant], cases: list[SmartFactoryCase]
) -> list[tuple[date, int, str]]:
    """Return (date, total won, municipality) of the lasting agreements and of those abandoned after signing."""
    lasting = [(row.agreed_on, row.total_krw, row.case.company.municipality) for row in cases]
    abandoned = [
        (abandonment.agreed_on, applicant.total_krw, applicant.company.municipality)
        for abandonment in settings.jeonbuk.abandonments
        for applicant in applicants
        if abandonment.agreed_on is not None
        and (applicant.track, applicant.rank) == (abandonment.track, abandonment.rank)
    ]
    return lasting + abandoned
