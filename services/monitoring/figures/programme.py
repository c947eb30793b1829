"""All figures of one programme as of a business date: the JSON of the board's own API."""

from services.monitoring.figures.companies import companies, mentors, municipalities, rounds, tracks
from services.monitoring.figures.domain import Facts, Json, present
from services.monitoring.figures.money import money
from services.monitoring.figures.pledges import indicators, pledge
from shared.events.definition import PlannedCompanies


def figures(facts: Facts) -> Json:
    """Money is won; a group that the programme does not have is absent, never zero."""
    head = {"programme_id": facts.programme_id, "as_of": facts.as_of.isoformat(), "unit": "won"}
    return head | (of_definition(facts) if facts.definition else of_proposal(facts))


def of_proposal(facts: Facts) -> Json:
    """A programme that is only proposed: who is asked."""
    said = facts.proposal
    if said is None:
        raise LookupError(f"{facts.programme_id} is not known on {facts.as_of}")
    named = {"name": said.name_ko, "name_en": said.name_en, "stage": "consultation", "year": said.year}
    return named | present({"municipalities": municipalities(facts)})


def of_definition(facts: Facts) -> Json:
    definition = facts.defined
    kpis = indicators(facts)
    return {
        "name": definition.name_ko,
        "name_en": definition.name_en,
        "stage": "history" if definition.entry == "history" else "running",
        "version": facts.version,
    } | present(
        money(facts)
        | {
            "companies": companies(facts),
            "tracks": tracks(facts),
            "companies_planned": planned(definition.planned_companies),
            "max_support_ratio": definition.max_support.text if definition.max_support else None,
            "rounds": rounds(facts),
            "mentors": mentors(facts),
            "municipalities": municipalities(facts),
            "kpi": kpis[0] if kpis else None,
            "indicators": {one["id"]: one for one in kpis},
            "pledge": pledge(facts),
        }
    )


def planned(rows: list[PlannedCompanies]) -> int | None:
    """How many companies the whole programme plans: stated, or the sum of its tracks."""
    whole = [row for row in rows if row.year is None and not row.newly]
    stated = next((row.count for row in whole if row.track is None), None)
    return stated if stated is not None else sum(row.count for row in whole) or None
