"""Figures of one programme as of a business date, as JSON."""

from services.monitoring.figures.companies import companies, mentors, municipalities, rounds, tracks
from services.monitoring.figures.domain import FigureInputs, Json, without_absent
from services.monitoring.figures.money import money
from services.monitoring.figures.pledges import indicators, pledge_figures
from shared.events.definition import PlannedCompanies


def figures(inputs: FigureInputs) -> Json:
    """Return all figures. Money is won; a group that the programme does not have is absent, never zero."""
    head = {"programme_id": inputs.programme_id, "as_of": inputs.as_of.isoformat(), "unit": "won"}
    return head | (definition_figures(inputs) if inputs.definition else proposal_figures(inputs))


def proposal_figures(inputs: FigureInputs) -> Json:
    """Figures of a proposal: the municipalities consulted. Raises LookupError without a proposal."""
    proposal = inputs.proposal
    if proposal is None:
        raise LookupError(f"{inputs.programme_id} is not known on {inputs.as_of}")
    head = {
        "name": proposal.name_ko,
        "name_en": proposal.name_en,
        "stage": "consultation",
        "year": proposal.year,
    }
    return head | without_absent({"municipalities": municipalities(inputs)})


def definition_figures(inputs: FigureInputs) -> Json:
    definition = inputs.required_definition
    kpis = indicators(inputs)
    return {
        "name": definition.name_ko,
        "name_en": definition.name_en,
        "stage": "history" if definition.entry == "history" else "running",
        "version": inputs.version,
    } | without_absent(
        money(inputs)
        | {
            "companies": companies(inputs),
            "tracks": tracks(inputs),
            "companies_planned": planned_companies(definition.planned_companies),
            "max_support_ratio": definition.max_support.text if definition.max_support else None,
            "rounds": rounds(inputs),
            "mentors": mentors(inputs),
            "municipalities": municipalities(inputs),
            "kpi": kpis[0] if kpis else None,
            "indicators": {kpi["id"]: kpi for kpi in kpis},
            "pledge": pledge_figures(inputs),
        }
    )


def planned_companies(rows: list[PlannedCompanies]) -> int | None:
    """Number of companies that the whole programme plans: stated, or the sum of its tracks."""
    whole = [row for row in rows if row.year is None and not row.newly]
    stated = next((row.count for row in whole if row.track is None), None)
    return stated if stated is not None else sum(row.count for row in whole) or None
