"""Companies by year, by round and by municipality, and the mentors' visits; all are counts of cases."""

from collections.abc import Mapping, Sequence

from services.monitoring.figures.domain import CaseGroup, Facts, Json, Place, half_up, present, totals_of
from shared.events.definition import PlannedCompanies


def companies(facts: Facts) -> Json:
    """추진실적: completed, in progress (selected and not completed), newly planned, by year or range of years."""
    return by_years(facts.cases, newly_planned(facts, track=None))


def tracks(facts: Facts) -> Json:
    """The same by track."""
    return {
        track.id: present({"name": track.name_ko, "companies": of_track(facts, track.id)})
        for track in facts.defined.tracks
        if facts.in_detail
    }


def of_track(facts: Facts, track: str) -> Json:
    return by_years([group for group in facts.cases if group.track == track], newly_planned(facts, track))


def newly_planned(facts: Facts, track: str | None) -> dict[str, int]:
    rows = facts.defined.planned_companies
    return {str(row.year): row.count for row in rows if row.newly and row.year and row.track == track}


def by_years(cases: Sequence[CaseGroup], new: Mapping[str, int]) -> Json:
    held = [group for group in cases if group.selected]
    years = sorted({group.years for group in held} | set(new))
    return {year: progress([group for group in held if group.years == year], new.get(year)) for year in years}


def progress(groups: Sequence[CaseGroup], planned_new: int | None) -> Json:
    said = present({"planned_new": planned_new})
    if not groups:
        return said
    counts = totals_of(groups)
    completed = counts["completed"]
    return {"completed": completed, "in_progress": counts["selected"] - completed} | said


def rounds(facts: Facts) -> Json:
    """Each year's call: what was planned for it (`by_track`), who applied, who holds a place, how far they are."""
    planned = [row for row in facts.defined.planned_companies if row.year is not None and not row.newly]
    groups = [group for group in facts.cases if not group.recorded]
    years = {group.year_from for group in groups} | {call.year for call in facts.calls}
    return {
        str(year): one_round(facts, year, groups, planned)
        for year in sorted(years | {row.year for row in planned if row.year is not None})
    }


def one_round(
    facts: Facts, year: int, groups: Sequence[CaseGroup], planned: Sequence[PlannedCompanies]
) -> Json:
    mine = [group for group in groups if group.year_from == year]
    quota, plan = quota_of(facts, year), {row.track: row.count for row in planned if row.year == year}
    by_track = {
        track.id: funnel([group for group in mine if group.track == track.id], quota.get(track.id))
        for track in facts.defined.tracks
        if facts.in_detail
    }
    return funnel(mine, sum(quota.values()) or None) | present(
        {
            "runs": runs(facts, year),
            "planned": plan.get(None) or sum(plan.values()) or None,
            "by_track": {track: count for track, count in plan.items() if track},
            "tracks": present(by_track),
        }
    )


def quota_of(facts: Facts, year: int) -> dict[str, int]:
    places: dict[str, int] = {}
    for call in facts.calls:
        if call.year == year:
            for track, count in call.quota.items():
                places[track] = places.get(track, 0) + count
    return places


def funnel(groups: Sequence[CaseGroup], quota: int | None) -> Json:
    """From application to completion; percent is of those who hold a place."""
    said = present({"quota": quota})
    if not groups:
        return said
    counts = totals_of(groups)
    counts["about_to_complete"] = counts.pop("about_to")
    done = counts["completed_or_about_to"] = counts["completed"] + counts["about_to_complete"]
    if counts["selected"]:
        counts["percent"] = half_up(done, counts["selected"])
    return said | counts


def runs(facts: Facts, year: int) -> Json | None:
    """From the first start to the last end of the agreements of the year."""
    if year not in facts.runs:
        return None
    first, last = facts.runs[year]
    return {"from": first.isoformat(), "to": last.isoformat()}


def municipalities(facts: Facts) -> Json:
    """How many take part, and their companies in rounds; or how many are asked about a proposal."""
    if facts.definition is None:
        asked = facts.proposal.municipalities if facts.proposal else []
        return {"count": len(asked)} if asked else {}
    codes = facts.definition.municipalities
    if not codes:
        return {}
    rows = {code: of_municipality(facts.places.get(code)) for code in codes if facts.in_detail}
    return {"count": len(codes)} | present({"rows": rows})


def of_municipality(place: Place | None) -> Json:
    found = place or Place(0, 0, 0)
    return {"applied": found.applied, "selected": found.selected, "completed_or_about_to": found.finished}


def mentors(facts: Facts) -> Json:
    """How many there are, and the companies with at least one visit."""
    if not facts.defined.mentors and not facts.visited:
        return {}
    return {"count": facts.defined.mentors, "companies_visited": facts.visited}
