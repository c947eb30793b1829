"""Sections of a programme that count companies: by year, round, track, municipality, mentor visits."""

from datetime import date

from services.monitoring.board.fill.shown import FigureLookup
from services.monitoring.board.parts.programme_view import (
    CompanyYear,
    Mentors,
    MunicipalityRow,
    Round,
    TrackRow,
    TrackTable,
)
from services.monitoring.figures.domain import ALL, Json
from services.monitoring.mentors.domain import MAX_WEEKS
from shared.events.definition import Definition
from shared.values import municipalities as codes
from shared.web.ui.values import DateRange, Figure, Text, YearRange


def companies(lookup: FigureLookup) -> tuple[CompanyYear, ...]:
    return tuple(company_year(key, lookup.subtree(f"companies.{key}")) for key in lookup.group("companies"))


def company_year(key: str, lookup: FigureLookup) -> CompanyYear:
    return CompanyYear(
        year_range(key),
        completed=lookup.count("completed"),
        in_progress=lookup.count("in_progress"),
        planned_new=lookup("planned_new"),
    )


def year_range(key: str) -> YearRange:
    """Parse `2019` or `2019-2021`."""
    first, _, last = key.partition("-")
    return YearRange(int(first), int(last or first))


def rounds(lookup: FigureLookup) -> tuple[Round, ...]:
    """Return the rounds, oldest first."""
    return tuple(
        round_view(int(year), lookup.subtree(f"rounds.{year}")) for year in sorted(lookup.group("rounds"))
    )


def round_view(year: int, lookup: FigureLookup) -> Round:
    return Round(
        year=year,
        window=window(lookup.group("runs")),
        planned=lookup("planned"),
        quota=lookup("quota"),
        applied=lookup.count("applied"),
        selected=lookup.count("selected"),
        reserved=lookup.count("reserved"),
        agreed=lookup.count("agreed"),
        abandoned=lookup.count("abandoned"),
        completed=lookup.count("completed"),
        about_to=lookup.count("about_to_complete"),
        completed_or_about_to=lookup.count("completed_or_about_to"),
    )


def window(dates: Json) -> DateRange | None:
    return DateRange(date.fromisoformat(dates["from"]), date.fromisoformat(dates["to"])) if dates else None


def tracks(lookup: FigureLookup, definition: Definition) -> TrackTable | None:
    """Return the tracks of the newest year with applications beside the next year's plan; None without tracks or rounds."""
    years_with_applications = [
        int(year) for year, row in lookup.group("rounds").items() if row.get("applied")
    ]
    if not definition.tracks or not years_with_applications:
        return None
    year = max(years_with_applications)
    planned = f"rounds.{year + 1}"
    total = track_row(lookup.subtree(f"rounds.{year}"), ALL, planned=lookup(f"{planned}.planned"))
    rows = [
        track_row(
            lookup.subtree(f"rounds.{year}.tracks.{track.id}"),
            track.id,
            level=Text(track.name_ko, track.name_en),
            means=Text(track.means_ko) if track.means_ko else None,
            planned=lookup(f"{planned}.by_track.{track.id}"),
        )
        for track in definition.tracks
    ]
    return TrackTable(year, year + 1 if lookup.value(f"{planned}.planned") else None, (total, *rows))


def track_row(
    lookup: FigureLookup, key: str, *, planned: Figure, level: Text | None = None, means: Text | None = None
) -> TrackRow:
    return TrackRow(
        key,
        level,
        means,
        applied=lookup("applied"),
        quota=lookup("quota"),
        selected=lookup("selected"),
        completed_or_about_to=lookup("completed_or_about_to"),
        planned_next=planned,
    )


def mentors(lookup: FigureLookup) -> Mentors | None:
    """Return mentors and visits, beside the awards of the newest round that has any; None without mentors."""
    if not lookup.group("mentors"):
        return None
    years_with_selections = [year for year, row in lookup.group("rounds").items() if row.get("selected")]
    selected = (
        lookup(f"rounds.{max(years_with_selections)}.selected") if years_with_selections else Figure(None)
    )
    visited = lookup.count("mentors.companies_visited")
    return Mentors(lookup("mentors.count"), visited, selected, residency_max_weeks=MAX_WEEKS)


def municipalities(lookup: FigureLookup) -> tuple[MunicipalityRow, ...]:
    """Return the total, then municipalities by companies selected and applied; empty before the first application."""
    rows = lookup.group("municipalities.rows")
    if not any(row["applied"] for row in rows.values()):
        return ()
    ordered = sorted(rows, key=lambda code: (-rows[code]["selected"], -rows[code]["applied"], code))
    sums = {name: sum(row[name] for row in rows.values()) for name in next(iter(rows.values()))}
    total = MunicipalityRow(ALL, Text("계", "Total"), **{name: Figure(value) for name, value in sums.items()})
    return (
        total,
        *(municipality_row(code, lookup.subtree(f"municipalities.rows.{code}")) for code in ordered),
    )


def municipality_row(code: str, lookup: FigureLookup) -> MunicipalityRow:
    return MunicipalityRow(
        code,
        municipality_name(code),
        applied=lookup("applied"),
        selected=lookup("selected"),
        completed_or_about_to=lookup("completed_or_about_to"),
    )


def municipality_name(code: str) -> Text:
    return Text(codes.name(code), codes.name(code, "en"))
