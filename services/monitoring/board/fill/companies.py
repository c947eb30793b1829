"""Companies by year, rounds with their funnel, tracks, municipalities, mentors."""

from datetime import date

from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.parts.programme_view import (
    CompanyYear,
    Mentors,
    MunicipalityRow,
    Round,
    TrackRow,
    TrackTable,
)
from services.monitoring.board.parts.values import Figure, Text, Window, YearRange
from services.monitoring.figures.domain import ALL, Json
from services.monitoring.mentors.domain import MOST_WEEKS
from shared.events.definition import Definition
from shared.values import municipalities as codes


def companies(shown: Shown) -> tuple[CompanyYear, ...]:
    return tuple(company_year(key, shown.below(f"companies.{key}")) for key in shown.group("companies"))


def company_year(key: str, shown: Shown) -> CompanyYear:
    return CompanyYear(
        years(key),
        completed=shown.counted("completed"),
        in_progress=shown.counted("in_progress"),
        planned_new=shown("planned_new"),
    )


def years(key: str) -> YearRange:
    """`2019` or `2019-2021`."""
    first, _, last = key.partition("-")
    return YearRange(int(first), int(last or first))


def rounds(shown: Shown) -> tuple[Round, ...]:
    """Oldest first."""
    return tuple(
        one_round(int(year), shown.below(f"rounds.{year}")) for year in sorted(shown.group("rounds"))
    )


def one_round(year: int, shown: Shown) -> Round:
    return Round(
        year=year,
        runs=window(shown.group("runs")),
        planned=shown("planned"),
        quota=shown("quota"),
        applied=shown.counted("applied"),
        selected=shown.counted("selected"),
        reserved=shown.counted("reserved"),
        agreed=shown.counted("agreed"),
        abandoned=shown.counted("abandoned"),
        completed=shown.counted("completed"),
        about_to=shown.counted("about_to_complete"),
        completed_or_about_to=shown.counted("completed_or_about_to"),
    )


def window(found: Json) -> Window | None:
    return Window(date.fromisoformat(found["from"]), date.fromisoformat(found["to"])) if found else None


def tracks(shown: Shown, definition: Definition) -> TrackTable | None:
    """The newest year with applications, and what the next year plans; None without tracks or rounds."""
    begun = [int(year) for year, row in shown.group("rounds").items() if row.get("applied")]
    if not definition.tracks or not begun:
        return None
    year = max(begun)
    planned = f"rounds.{year + 1}"
    total = track_row(shown.below(f"rounds.{year}"), ALL, planned=shown(f"{planned}.planned"))
    rows = [
        track_row(
            shown.below(f"rounds.{year}.tracks.{track.id}"),
            track.id,
            level=Text(track.name_ko, track.name_en),
            means=Text(track.means_ko) if track.means_ko else None,
            planned=shown(f"{planned}.by_track.{track.id}"),
        )
        for track in definition.tracks
    ]
    return TrackTable(year, year + 1 if shown.at(f"{planned}.planned") else None, (total, *rows))


def track_row(
    shown: Shown, key: str, *, planned: Figure, level: Text | None = None, means: Text | None = None
) -> TrackRow:
    return TrackRow(
        key,
        level,
        means,
        applied=shown("applied"),
        quota=shown("quota"),
        selected=shown("selected"),
        completed_or_about_to=shown("completed_or_about_to"),
        planned_next=planned,
    )


def mentors(shown: Shown) -> Mentors | None:
    """Beside those who hold a place in the newest round that has any."""
    if not shown.group("mentors"):
        return None
    held = [year for year, row in shown.group("rounds").items() if row.get("selected")]
    selected = shown(f"rounds.{max(held)}.selected") if held else Figure(None)
    visited = shown.counted("mentors.companies_visited")
    return Mentors(shown("mentors.count"), visited, selected, residency_max_weeks=MOST_WEEKS)


def municipalities(shown: Shown) -> tuple[MunicipalityRow, ...]:
    """Those with the most companies first, after the total; empty before anybody applied."""
    rows = shown.group("municipalities.rows")
    if not any(row["applied"] for row in rows.values()):
        return ()
    ordered = sorted(rows, key=lambda code: (-rows[code]["selected"], -rows[code]["applied"], code))
    sums = {name: sum(row[name] for row in rows.values()) for name in next(iter(rows.values()))}
    total = MunicipalityRow(ALL, Text("계", "Total"), **{name: Figure(value) for name, value in sums.items()})
    return (total, *(municipality(code, shown.below(f"municipalities.rows.{code}")) for code in ordered))


def municipality(code: str, shown: Shown) -> MunicipalityRow:
    return MunicipalityRow(
        code,
        place(code),
        applied=shown("applied"),
        selected=shown("selected"),
        completed_or_about_to=shown("completed_or_about_to"),
    )


def place(code: str) -> Text:
    return Text(codes.name(code), codes.name(code, "en"))
