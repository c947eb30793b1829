"""Companies by year, by round and by municipality, and the mentors' visits; all are counts of cases."""

from collections.abc import Mapping, Sequence

from services.monitoring.figures.domain import (
    CaseGroup,
    FigureInputs,
    Json,
    MunicipalityCounts,
    percent_half_up,
    totals_of,
    without_absent,
)
from shared.events.definition import PlannedCompanies


def companies(inputs: FigureInputs) -> Json:
    """추진실적: completed, in progress (selected and not completed), newly planned, by year or range of years."""
    return progress_by_years(inputs.case_groups, newly_planned(inputs, track=None))


def tracks(inputs: FigureInputs) -> Json:
    """추진실적 by track."""
    return {
        track.id: without_absent({"name": track.name_ko, "companies": companies_of_track(inputs, track.id)})
        for track in inputs.required_definition.tracks
        if inputs.in_detail
    }


def companies_of_track(inputs: FigureInputs, track: str) -> Json:
    return progress_by_years(
        [group for group in inputs.case_groups if group.track == track], newly_planned(inputs, track)
    )


def newly_planned(inputs: FigureInputs, track: str | None) -> dict[str, int]:
    rows = inputs.required_definition.planned_companies
    return {str(row.year): row.count for row in rows if row.newly and row.year and row.track == track}


def progress_by_years(groups: Sequence[CaseGroup], new: Mapping[str, int]) -> Json:
    selected = [group for group in groups if group.selected]
    years = sorted({group.years for group in selected} | set(new))
    return {
        year: progress([group for group in selected if group.years == year], new.get(year)) for year in years
    }


def progress(groups: Sequence[CaseGroup], planned_new: int | None) -> Json:
    plan = without_absent({"planned_new": planned_new})
    if not groups:
        return plan
    counts = totals_of(groups)
    completed = counts["completed"]
    return {"completed": completed, "in_progress": counts["selected"] - completed} | plan


def rounds(inputs: FigureInputs) -> Json:
    """Figures of each year's round: plan (`by_track`), applications, awards held, progress."""
    planned = [
        row for row in inputs.required_definition.planned_companies if row.year is not None and not row.newly
    ]
    groups = [group for group in inputs.case_groups if not group.recorded]
    years = {group.year_from for group in groups} | {round.year for round in inputs.rounds}
    return {
        str(year): round_figures(inputs, year, groups, planned)
        for year in sorted(years | {row.year for row in planned if row.year is not None})
    }


def round_figures(
    inputs: FigureInputs, year: int, groups: Sequence[CaseGroup], planned: Sequence[PlannedCompanies]
) -> Json:
    of_year = [group for group in groups if group.year_from == year]
    quota, plan = quota_of(inputs, year), {row.track: row.count for row in planned if row.year == year}
    by_track = {
        track.id: funnel([group for group in of_year if group.track == track.id], quota.get(track.id))
        for track in inputs.required_definition.tracks
        if inputs.in_detail
    }
    return funnel(of_year, sum(quota.values()) or None) | without_absent(
        {
            "runs": agreement_period(inputs, year),
            "planned": plan.get(None) or sum(plan.values()) or None,
            "by_track": {track: count for track, count in plan.items() if track},
            "tracks": without_absent(by_track),
        }
    )


def quota_of(inputs: FigureInputs, year: int) -> dict[str, int]:
    quota: dict[str, int] = {}
    for round in inputs.rounds:
        if round.year == year:
            for track, count in round.quota.items():
                quota[track] = quota.get(track, 0) + count
    return quota


def funnel(groups: Sequence[CaseGroup], quota: int | None) -> Json:
    """Counts from application to completion; `percent` is of the cases that hold an award."""
    limit = without_absent({"quota": quota})
    if not groups:
        return limit
    counts = totals_of(groups)
    counts["about_to_complete"] = counts.pop("about_to")
    done = counts["completed_or_about_to"] = counts["completed"] + counts["about_to_complete"]
    if counts["selected"]:
        counts["percent"] = percent_half_up(done, counts["selected"])
    return limit | counts


def agreement_period(inputs: FigureInputs, year: int) -> Json | None:
    """First start and last end of the agreements of the year; None without an agreement."""
    if year not in inputs.agreement_periods:
        return None
    first, last = inputs.agreement_periods[year]
    return {"from": first.isoformat(), "to": last.isoformat()}


def municipalities(inputs: FigureInputs) -> Json:
    """Number of municipalities and their companies in rounds; of a proposal the number that is consulted."""
    if inputs.definition is None:
        consulted = inputs.proposal.municipalities if inputs.proposal else []
        return {"count": len(consulted)} if consulted else {}
    codes = inputs.definition.municipalities
    if not codes:
        return {}
    rows = {code: municipality_figures(inputs.municipalities.get(code)) for code in codes if inputs.in_detail}
    return {"count": len(codes)} | without_absent({"rows": rows})


def municipality_figures(counts: MunicipalityCounts | None) -> Json:
    applied, selected, finished = (counts.applied, counts.selected, counts.finished) if counts else (0, 0, 0)
    return {"applied": applied, "selected": selected, "completed_or_about_to": finished}


def mentors(inputs: FigureInputs) -> Json:
    """Number of mentors, and of companies with at least one visit."""
    if not inputs.required_definition.mentors and not inputs.companies_visited:
        return {}
    return {"count": inputs.required_definition.mentors, "companies_visited": inputs.companies_visited}
