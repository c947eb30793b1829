"""Companies by year, by round and by municipality, and the mentors' visits; all are counts of cases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from services.monitoring.figures import contributions
from services.monitoring.figures.case_counts import (
    Counts,
    by_years,
    plan_by_track,
    planned_by_track,
    quotas,
    round_years,
    rounds_by_track,
    scopes_by_track,
    scopes_by_years,
    scopes_of_round_tracks,
    scopes_of_rounds,
    tracks_of,
)
from services.monitoring.figures.contributions import DAY, Contributions
from services.monitoring.figures.figure import (
    UNKNOWN,
    Figure,
    FigureDefinition,
    Scope,
    counted,
    figure,
    no_scope,
    of_definition,
)
from services.monitoring.figures.inputs import ALL, FigureInputs, MunicipalityCounts
from services.monitoring.projections.case_states import COUNTS, Condition
from services.monitoring.texts import TEXTS
from shared.database.transaction import Transaction
from shared.events.applications import (
    AgreementSigned,
    ApplicationSubmitted,
    CaseAbandoned,
    CaseRecorded,
    CompanyReserved,
    CompanySelected,
    ProgrammeProposed,
    RoundOpened,
)
from shared.events.definition import Definition, PlannedCompanies, Ratio
from shared.events.monitoring import MAX_MENTOR_WEEKS, MilestoneAchieved, MilestoneScheduled
from shared.values import municipalities as codes
from shared.web.ui.values import DateRange, Text, YearRange

COMPLETED, ABOUT_TO, SELECTED = COUNTS["completed"], COUNTS["about_to"], COUNTS["selected"]
SELECTED_EVENTS = (CompanySelected.name, CaseRecorded.name)
STATES: Mapping[str, tuple[Condition, Sequence[str]]] = {
    "applied": (COUNTS["applied"], [ApplicationSubmitted.name]),
    "selected": (SELECTED, SELECTED_EVENTS),
    "reserved": (COUNTS["reserved"], [CompanyReserved.name]),
    "agreed": (COUNTS["agreed"], [AgreementSigned.name]),
    "abandoned": (COUNTS["abandoned"], [CaseAbandoned.name]),
    "completed": (COMPLETED, [MilestoneAchieved.name, CaseRecorded.name]),
    "in_progress": (SELECTED & ~COMPLETED, SELECTED_EVENTS),
    "about_to_complete": (ABOUT_TO, [MilestoneScheduled.name]),
    "completed_or_about_to": (COMPLETED | ABOUT_TO, [MilestoneAchieved.name, MilestoneScheduled.name]),
}
"""Counts of cases: when a case counts, and the events that made it count, the first of which it has is its proof."""

PROGRESS = ("completed", "in_progress")
FUNNEL = (
    "applied",
    "selected",
    "reserved",
    "agreed",
    "abandoned",
    "completed",
    "about_to_complete",
    "completed_or_about_to",
)
OF_MUNICIPALITY = ("applied", "selected", "completed_or_about_to")


async def prove_quota(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    rows = await contributions.events_of_programme(transaction, inputs, RoundOpened.name)
    of_year = (row for row in rows if row.data["year"] == scope.year)
    return contributions.of_amounts((row, places(row.data["quota"], scope.track)) for row in of_year)


def places(quota: Mapping[str, int], track: str) -> int:
    """Return the places of a track, of all tracks where none is given."""
    return quota.get(track, 0) if track else sum(quota.values())


# Municipalities and mentors.


def consulted(inputs: FigureInputs) -> int | None:
    """Return the number of municipalities that take part; of a proposal, those that are asked."""
    of = inputs.definition or inputs.proposal
    return len(of.municipalities) or None if of else None


async def prove_municipalities(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    if inputs.definition:
        return await contributions.publication(transaction, inputs, lambda of: len(of.municipalities))
    rows = await contributions.events_of_programme(transaction, inputs, ProgrammeProposed.name)
    return contributions.of_amounts((row, len(row.data["proposal"]["municipalities"])) for row in rows[-1:])


def scopes_of_municipalities(inputs: FigureInputs) -> Iterable[Scope]:
    definition = inputs.definition if inputs.in_detail else None
    return (Scope(municipality=code) for code in (definition.municipalities if definition else ()))


def visited(inputs: FigureInputs) -> int | None:
    definition = inputs.definition
    has_mentors = definition and (definition.mentors or inputs.companies_visited)
    return inputs.companies_visited if has_mentors else None


async def prove_visits(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    return await contributions.first_visits(transaction, inputs)


# Definitions.


async def prove_cases(
    name: str, of_rounds: bool, transaction: Transaction, inputs: FigureInputs, scope: Scope
) -> Contributions:
    condition, events = STATES[name]
    where = f"{condition.sql(DAY)} and c.round_id is not null" if of_rounds else condition
    years = scope.years or (str(scope.year) if scope.year else "")
    return await contributions.cases(
        transaction, inputs, where, events, years=years, track=scope.track, municipality=scope.municipality
    )


def case_counts(
    path: str,
    names: Iterable[str],
    counts: Callable[[FigureInputs, Scope], Counts],
    scopes: Callable[[FigureInputs], Iterable[Scope]],
    *,
    of_rounds: bool,
) -> Mapping[str, FigureDefinition]:
    """Define counts of cases, by name: each case that is in the state on the day, once."""

    def define(name: str) -> FigureDefinition:
        return FigureDefinition(
            f"{path}.{name}",
            f"count.{name}",
            "companies",
            "count",
            lambda inputs, scope: counts(inputs, scope).get(name),
            scopes,
            partial(prove_cases, name, of_rounds),
            adds=tuple(event.rpartition(".")[0] for event in STATES[name][1]),
        )

    return {name: define(name) for name in names}


def of_years(inputs: FigureInputs, scope: Scope) -> Counts:
    return by_years(inputs).get((scope.track, scope.years), {})


def of_round(inputs: FigureInputs, scope: Scope) -> Counts:
    return rounds_by_track(inputs).get((scope.year, scope.track), {})


def of_municipality(inputs: FigureInputs, scope: Scope) -> Counts:
    """Return the counts of a municipality that takes part: without cases they are 0, which is known."""
    counts = inputs.municipalities.get(scope.municipality) or MunicipalityCounts(0, 0, 0)
    return dict(zip(OF_MUNICIPALITY, counts, strict=True))


COMPANIES = case_counts("companies.{years}", PROGRESS, of_years, scopes_by_years, of_rounds=False)
COMPANIES_BY_TRACK = case_counts(
    "tracks.{track}.companies.{years}", PROGRESS, of_years, scopes_by_track, of_rounds=False
)
ROUNDS = case_counts("rounds.{year}", FUNNEL, of_round, scopes_of_rounds, of_rounds=True)
ROUNDS_BY_TRACK = case_counts(
    "rounds.{year}.tracks.{track}", FUNNEL, of_round, scopes_of_round_tracks, of_rounds=True
)
MUNICIPALITY_ROWS = case_counts(
    "municipalities.rows.{municipality}",
    OF_MUNICIPALITY,
    of_municipality,
    scopes_of_municipalities,
    of_rounds=True,
)
PLANNED_NEW = of_definition(
    "companies.{years}.planned_new",
    "planned_new",
    "companies",
    lambda definition: newly_planned(definition, track=""),
    lambda plan, scope: plan.get(scope.years),
    scopes=lambda inputs: newly_planned_scopes(inputs, [""]),
)
PLANNED_NEW_BY_TRACK = of_definition(
    "tracks.{track}.companies.{years}.planned_new",
    "planned_new",
    "companies",
    lambda definition: definition,
    lambda definition, scope: newly_planned(definition, scope.track).get(scope.years),
    scopes=lambda inputs: newly_planned_scopes(inputs, [track.id for track in tracks_of(inputs)]),
)
COMPANIES_PLANNED = of_definition(
    "companies_planned",
    "companies_planned",
    "companies",
    lambda definition: planned_in_all(definition.planned_companies),
    lambda count, _: count,
)
PLANNED = of_definition(
    "rounds.{year}.planned",
    "round_planned",
    "companies",
    planned_by_track,
    lambda plan, scope: plan.get((scope.year, "")),
    scopes=scopes_of_rounds,
)
PLANNED_BY_TRACK = of_definition(
    "rounds.{year}.by_track.{track}",
    "round_planned",
    "companies",
    planned_by_track,
    lambda plan, scope: plan.get((scope.year, scope.track)),
    scopes=lambda inputs: (Scope(year=year, track=track) for year, track in plan_by_track(inputs) if track),
)
QUOTA = FigureDefinition(
    "rounds.{year}.quota",
    "quota",
    "companies",
    "quota",
    lambda inputs, scope: quotas(inputs).get((scope.year, "")),
    scopes_of_rounds,
    prove_quota,
    adds=("round.opened",),
)
QUOTA_BY_TRACK = FigureDefinition(
    "rounds.{year}.tracks.{track}.quota",
    "quota",
    "companies",
    "quota",
    lambda inputs, scope: quotas(inputs).get((scope.year, scope.track)),
    scopes_of_round_tracks,
    prove_quota,
    adds=("round.opened",),
)
MAX_SUPPORT = of_definition(
    "max_support_ratio",
    "max_support",
    "percent",
    lambda definition: whole_percent(definition.max_support),
    lambda percent, _: percent,
)
MUNICIPALITIES = FigureDefinition(
    "municipalities.count",
    "municipalities",
    "municipalities",
    "municipalities",
    lambda inputs, _: consulted(inputs),
    no_scope,
    prove_municipalities,
    adds=("programme.published", "programme.proposed"),
)
MENTORS = of_definition(
    "mentors.count",
    "mentors",
    "people",
    lambda definition: definition.mentors,
    lambda count, _: count or None,
)
COMPANIES_VISITED = FigureDefinition(
    "mentors.companies_visited",
    "companies_visited",
    "companies",
    "companies_visited",
    lambda inputs, _: visited(inputs),
    no_scope,
    prove_visits,
    adds=("mentor.visited",),
)
FIGURES = (
    *COMPANIES.values(),
    PLANNED_NEW,
    *COMPANIES_BY_TRACK.values(),
    PLANNED_NEW_BY_TRACK,
    COMPANIES_PLANNED,
    MAX_SUPPORT,
    QUOTA,
    *ROUNDS.values(),
    PLANNED,
    PLANNED_BY_TRACK,
    QUOTA_BY_TRACK,
    *ROUNDS_BY_TRACK.values(),
    MENTORS,
    COMPANIES_VISITED,
    MUNICIPALITIES,
    *MUNICIPALITY_ROWS.values(),
)


def newly_planned(definition: Definition, track: str) -> Mapping[str, int]:
    """Return the companies newly planned, by year; track '' is those planned for no track of their own."""
    rows = definition.planned_companies
    return {str(row.year): row.count for row in rows if row.newly and row.year and (row.track or "") == track}


def newly_planned_scopes(inputs: FigureInputs, tracks: Iterable[str]) -> Iterable[Scope]:
    definition = inputs.definition
    return (
        Scope(years=years, track=track)
        for track in tracks
        for years in (newly_planned(definition, track) if definition else ())
    )


def planned_in_all(rows: Sequence[PlannedCompanies]) -> int | None:
    """Number of companies that the whole programme plans: stated, or the sum of its tracks."""
    whole = [row for row in rows if row.year is None and not row.newly]
    stated = next((row.count for row in whole if row.track is None), None)
    return stated if stated is not None else sum(row.count for row in whole) or None


def whole_percent(ratio: Ratio | None) -> int | None:
    """Return the ratio in percent; None where there is none, or where it is not a whole number."""
    if ratio is None:
        return None
    whole, rest = divmod(100 * ratio.numerator, ratio.denominator)
    return None if rest else whole


# Sections of a page.


class CompanyYear(NamedTuple):
    """Companies of one year (or of a range of years that a document gives as one), by status."""

    years: YearRange
    completed: Figure
    in_progress: Figure  # selected, not completed
    planned_new: Figure = UNKNOWN  # newly planned in the year; unknown where the definition has no plan


class Round(NamedTuple):
    """Rounds of one year, in companies; data of the funnel."""

    year: int
    window: DateRange | None
    planned: Figure = UNKNOWN  # companies planned for the year
    applied: Figure = UNKNOWN
    quota: Figure = UNKNOWN
    selected: Figure = UNKNOWN  # holding an award now
    reserved: Figure = UNKNOWN  # on the waiting list
    agreed: Figure = UNKNOWN
    abandoned: Figure = UNKNOWN
    completed: Figure = UNKNOWN
    about_to: Figure = UNKNOWN  # final milestone due within 0-30 days
    completed_or_about_to: Figure = UNKNOWN


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A track of a year, in companies. The total row has key `all`."""

    key: str
    level: Text | None
    means: Text | None
    applied: Figure
    quota: Figure
    selected: Figure
    completed_or_about_to: Figure
    planned_next: Figure


@dataclass(frozen=True, slots=True)
class TrackTable:
    """The tracks of a year and the plan of the next year; the first row is the total."""

    year: int
    next_year: int | None
    rows: tuple[TrackRow, ...]


@dataclass(frozen=True, slots=True)
class Mentors:
    """Mentors of a programme, the companies they visited, and the companies selected."""

    mentors: Figure
    visited: Figure  # companies with at least one visit
    selected: Figure
    residency_max_weeks: int | None = None


@dataclass(frozen=True, slots=True)
class MunicipalityRow:
    """The companies of a municipality. The total row has code `all`."""

    code: str
    name: Text
    applied: Figure
    selected: Figure
    completed_or_about_to: Figure


def company_years(inputs: FigureInputs) -> tuple[CompanyYear, ...]:
    planned = newly_planned(inputs.required_definition, "")
    years = {years for track, years in by_years(inputs) if not track} | set(planned)
    return tuple(company_year(inputs, Scope(years=each)) for each in sorted(years))


def company_year(inputs: FigureInputs, scope: Scope) -> CompanyYear:
    completed, in_progress = (counted(inputs, COMPANIES[name], scope) for name in PROGRESS)
    return CompanyYear(year_range(scope.years), completed, in_progress, figure(inputs, PLANNED_NEW, scope))


def year_range(years: str) -> YearRange:
    """Parse `2019` or `2019-2021`."""
    first, _, last = years.partition("-")
    return YearRange(int(first), int(last or first))


def rounds(inputs: FigureInputs) -> tuple[Round, ...]:
    """Return the rounds, oldest first."""
    return tuple(round_of(inputs, year) for year in round_years(inputs))


def round_of(inputs: FigureInputs, year: int) -> Round:
    scope, period = Scope(year=year), inputs.agreement_periods.get(year)
    counts = {name: counted(inputs, ROUNDS[name], scope) for name in FUNNEL}
    counts["about_to"] = counts.pop("about_to_complete")
    return Round(
        year=year,
        window=DateRange(*period) if period else None,
        planned=figure(inputs, PLANNED, scope),
        quota=figure(inputs, QUOTA, scope),
        **counts,
    )


def newest_year(inputs: FigureInputs, count: str) -> int | None:
    """Return the newest year of rounds in which a case is in the state; None without one."""
    years = [year for (year, track), counts in rounds_by_track(inputs).items() if not track and counts[count]]
    return max(years, default=None)


def tracks(inputs: FigureInputs) -> TrackTable | None:
    """Return the tracks of the newest year with applications beside the next year's plan; None without tracks or rounds."""
    definition, year = inputs.required_definition, newest_year(inputs, "applied")
    if not definition.tracks or year is None:
        return None
    total = track_row(inputs, Scope(year=year), ALL)
    rows = (
        track_row(
            inputs,
            Scope(year=year, track=track.id),
            track.id,
            Text(track.name_ko, track.name_en),
            Text(track.means_ko) if track.means_ko else None,
        )
        for track in definition.tracks
    )
    return TrackTable(year, year + 1 if (year + 1, "") in plan_by_track(inputs) else None, (total, *rows))


def track_row(
    inputs: FigureInputs, scope: Scope, key: str, level: Text | None = None, means: Text | None = None
) -> TrackRow:
    counts, quota, planned = (
        (ROUNDS_BY_TRACK, QUOTA_BY_TRACK, PLANNED_BY_TRACK) if scope.track else (ROUNDS, QUOTA, PLANNED)
    )
    return TrackRow(
        key,
        level,
        means,
        applied=figure(inputs, counts["applied"], scope),
        quota=figure(inputs, quota, scope),
        selected=figure(inputs, counts["selected"], scope),
        completed_or_about_to=figure(inputs, counts["completed_or_about_to"], scope),
        planned_next=figure(inputs, planned, scope._replace(year=scope.year + 1)),
    )


def mentors(inputs: FigureInputs) -> Mentors | None:
    """Return mentors and visits, beside the awards of the newest round that has any; None without mentors."""
    if visited(inputs) is None:
        return None
    year = newest_year(inputs, "selected")
    selected = UNKNOWN if year is None else figure(inputs, ROUNDS["selected"], Scope(year=year))
    return Mentors(
        figure(inputs, MENTORS),
        counted(inputs, COMPANIES_VISITED),
        selected,
        residency_max_weeks=MAX_MENTOR_WEEKS,
    )


def municipality_rows(inputs: FigureInputs) -> tuple[MunicipalityRow, ...]:
    """Return the total, then municipalities by companies selected and applied; empty before the first application."""
    scopes = list(scopes_of_municipalities(inputs))
    rows = [municipality_row(inputs, scope) for scope in scopes]
    total = [sum(getattr(row, name).value or 0 for row in rows) for name in OF_MUNICIPALITY]
    if not any(total):
        return ()
    rows.sort(key=lambda row: (-(row.selected.value or 0), -(row.applied.value or 0), row.code))
    return (MunicipalityRow(ALL, TEXTS.text("total"), *map(Figure, total)), *rows)


def municipality_row(inputs: FigureInputs, scope: Scope) -> MunicipalityRow:
    counts = [figure(inputs, MUNICIPALITY_ROWS[name], scope) for name in OF_MUNICIPALITY]
    return MunicipalityRow(scope.municipality, municipality_name(scope.municipality), *counts)


def municipality_name(code: str) -> Text:
    return Text(codes.name(code), codes.name(code, "en"))
