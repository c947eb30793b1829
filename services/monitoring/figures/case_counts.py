"""Counts from which figures of companies are taken: cases by years, by round and by track; places and plans."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.monitoring.figures.figure import Scope, once
from services.monitoring.figures.inputs import CaseGroup, FigureInputs, totals_of
from shared.events.definition import Definition, Track

Counts = Mapping[str, int]


def counts_of(groups: Iterable[CaseGroup]) -> Counts:
    """Return every count of STATES; {} where there is no group: without cases nothing is known, which is not 0."""
    groups = list(groups)
    if not groups:
        return {}
    totals = totals_of(groups)
    about_to = totals.pop("about_to")
    return totals | {
        "in_progress": totals["selected"] - totals["completed"],
        "about_to_complete": about_to,
        "completed_or_about_to": totals["completed"] + about_to,
    }


# 추진실적: by year or range of years, past results included.


@once
def by_years(inputs: FigureInputs) -> Mapping[tuple[str, str], Counts]:
    """Counts of the cases of years in which one holds an award, by (track, years); track '' is all."""
    groups: dict[tuple[str, str], list[CaseGroup]] = {}
    for group in inputs.case_groups:
        if group.selected:
            for track in {"", group.track or ""}:
                groups.setdefault((track, group.years), []).append(group)
    return {key: counts_of(of_key) for key, of_key in groups.items()}


def scopes_by_years(inputs: FigureInputs) -> Iterable[Scope]:
    """Yield the years of all tracks together."""
    return (Scope(years=years) for track, years in sorted(by_years(inputs)) if not track)


def scopes_by_track(inputs: FigureInputs) -> Iterable[Scope]:
    known = {track.id for track in tracks_of(inputs)}
    return (Scope(years=years, track=track) for track, years in sorted(by_years(inputs)) if track in known)


def tracks_of(inputs: FigureInputs) -> list[Track]:
    return inputs.definition.tracks if inputs.definition and inputs.in_detail else []


# Rounds (공고).


@once
def rounds_by_track(inputs: FigureInputs) -> Mapping[tuple[int, str], Counts]:
    """Counts of the cases of rounds by (year, track); track '' is all."""
    groups: dict[tuple[int, str], list[CaseGroup]] = {}
    for group in inputs.case_groups:
        if not group.recorded:
            for track in {"", group.track or ""}:
                groups.setdefault((group.year_from, track), []).append(group)
    return {key: counts_of(of_key) for key, of_key in groups.items()}


@once
def quotas(inputs: FigureInputs) -> Mapping[tuple[int, str], int]:
    """Quotas of the rounds by (year, track); track '' is all, absent where it is 0."""
    places: Counter[tuple[int, str]] = Counter()
    for each in inputs.rounds:
        for track, count in each.quota.items():
            places[each.year, track] += count
            places[each.year, ""] += count
    return {key: count for key, count in places.items() if count or key[1]}


def planned_by_track(definition: Definition) -> Mapping[tuple[int, str], int]:
    """Companies planned by (year, track); track '' is all: the number stated, or the sum of the tracks where that is more."""
    rows = [row for row in definition.planned_companies if row.year is not None and not row.newly]
    plan = {(row.year or 0, row.track or ""): row.count for row in rows}
    for year in {year for year, _ in plan}:
        total = sum(count for (other, track), count in plan.items() if other == year and track)
        plan[year, ""] = max(plan.get((year, ""), 0), total)
    return {key: count for key, count in plan.items() if count or key[1]}


@once
def plan_by_track(inputs: FigureInputs) -> Mapping[tuple[int, str], int]:
    return planned_by_track(inputs.definition) if inputs.definition else {}


def round_years(inputs: FigureInputs) -> list[int]:
    years = {year for year, _ in rounds_by_track(inputs)} | {each.year for each in inputs.rounds}
    return sorted(years | {year for year, _ in plan_by_track(inputs)})


def scopes_of_rounds(inputs: FigureInputs) -> Iterable[Scope]:
    return (Scope(year=year) for year in round_years(inputs))


def scopes_of_round_tracks(inputs: FigureInputs) -> Iterable[Scope]:
    tracks = [track.id for track in tracks_of(inputs)]
    return (Scope(year=year, track=track) for year in round_years(inputs) for track in tracks)
