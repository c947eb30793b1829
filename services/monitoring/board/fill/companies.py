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
from services.monitoring.figures.domain import ALL
from services.monitoring.mentors.domain import MOST_WEEKS
from shared.events.definition import Definition
from shared.values import municipalities as codes


def companies(shown: Shown) -> tuple[CompanyYear, ...]:
    return tuple(
        CompanyYear(
            years(key),
            completed=shown.counted(f"companies.{key}.completed"),
            in_progress=shown.counted(f"companies.{key}.in_progress"),
            planned_new=shown(f"companies.{key}.planned_new"),
        )
        for key in shown.group("companies")
    )


def years(key: str) -> YearRange:
    """`2019` or `2019-2021`."""
    first, _, last = key.partition("-")
    return YearRange(int(first), int(last or first))


def rounds(shown: Shown) -> tuple[Round, ...]:
    """Oldest first."""
    return tuple(one_round(shown, int(year)) for year in sorted(shown.group("rounds")))


def one_round(shown: Shown, year: int) -> Round:
    path = f"rounds.{year}"
    counted = {
        name: shown.counted(f"{path}.{name}")
        for name in ("applied", "selected", "reserved", "agreed", "abandoned", "completed")
    }
    return Round(
        year=year,
        runs=window(shown, f"{path}.runs"),
        planned=shown(f"{path}.planned"),
        quota=shown(f"{path}.quota"),
        about_to=shown.counted(f"{path}.about_to_complete"),
        completed_or_about_to=shown.counted(f"{path}.completed_or_about_to"),
        **counted,
    )


def window(shown: Shown, path: str) -> Window | None:
    found = shown.group(path)
    return Window(date.fromisoformat(found["from"]), date.fromisoformat(found["to"])) if found else None


def tracks(shown: Shown, definition: Definition) -> TrackTable | None:
    """The newest year with applications, and what the next year plans; None without tracks or rounds."""
    begun = [int(year) for year, row in shown.group("rounds").items() if row.get("applied")]
    if not definition.tracks or not begun:
        return None
    year = max(begun)
    planned = f"rounds.{year + 1}"
    total = track_row(shown, f"rounds.{year}", ALL, planned=shown(f"{planned}.planned"))
    rows = [
        track_row(
            shown,
            f"rounds.{year}.tracks.{track.id}",
            track.id,
            level=Text(track.name_ko, track.name_en),
            means=Text(track.means_ko) if track.means_ko else None,
            planned=shown(f"{planned}.by_track.{track.id}"),
        )
        for track in definition.tracks
    ]
    return TrackTable(year, year + 1 if shown.at(f"{planned}.planned") else None, (total, *rows))


def track_row(
    shown: Shown,
    path: str,
    key: str,
    *,
    planned: Figure,
    level: Text | None = None,
    means: Text | None = None,
) -> TrackRow:
    return TrackRow(
        key,
        level,
        means,
        applied=shown(f"{path}.applied"),
        quota=shown(f"{path}.quota"),
        selected=shown(f"{path}.selected"),
        completed_or_about_to=shown(f"{path}.completed_or_about_to"),
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
    return (total, *(municipality(shown, code) for code in ordered))


def municipality(shown: Shown, code: str) -> MunicipalityRow:
    path = f"municipalities.rows.{code}"
    return MunicipalityRow(
        code,
        place(code),
        applied=shown(f"{path}.applied"),
        selected=shown(f"{path}.selected"),
        completed_or_about_to=shown(f"{path}.completed_or_about_to"),
    )


def place(code: str) -> Text:
    return Text(codes.name(code), codes.name(code, "en"))
