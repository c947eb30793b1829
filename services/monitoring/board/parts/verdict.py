"""Assessment of a programme or case, the sentence on top of its page, computed from the figures by rules.

An assessment names its text (texts/verdicts.py) and the parameters of it. The first rule that applies decides:
consultation → past results only → stale figures → this year's planned companies → a round's progress against the
programme's goal → an indicator → nothing to count yet.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.monitoring.board.parts.case_view import CaseView
from services.monitoring.board.parts.programme_view import CompanyYear, ProgrammeView, Round, Stage
from shared.web.ui.format import sum_of_known
from shared.web.ui.values import State

STALE_DAYS = 210  # half a year and a month: a half-yearly report is overdue


@dataclass(frozen=True, slots=True)
class Assessment:
    """A state and the sentence with its reason; counts are of companies, times or municipalities."""

    state: State
    text_key: str  # key of the sentence; the row of the overview shows `<text_key>.short`
    params: Mapping[str, object] = field(default_factory=dict)


Rule = Callable[[ProgrammeView, date], Assessment | None]


def assess_programme(view: ProgrammeView, as_of: date) -> Assessment:
    """Assess a programme as of a date, by the first rule that applies."""
    for rule in RULES:
        if assessment := rule(view, as_of):
            return assessment
    return Assessment("planned", "assessment.nothing_yet")


def consultation(view: ProgrammeView, as_of: date) -> Assessment | None:
    consultation = view.consultation
    if view.stage != "consultation" or consultation is None:
        return None
    if consultation.answered.value is None or consultation.asked.value is None:
        return Assessment("info", "assessment.consulting", {"asked": consultation.asked.value})
    left = consultation.asked.value - consultation.answered.value
    params = {"asked": consultation.asked.value, "answered": consultation.answered.value, "left": left}
    return Assessment(
        "info" if left else "ok", "assessment.answers" if left else "assessment.all_answered", params
    )


def history(view: ProgrammeView, as_of: date) -> Assessment | None:
    if view.stage != "history":
        return None
    done = sum_of_known(*(row.completed for row in view.companies))
    running = sum_of_known(*(row.in_progress for row in view.companies))
    return Assessment("info", "assessment.history", {"done": done or 0, "running": running or 0})


def stale(view: ProgrammeView, as_of: date) -> Assessment | None:
    last = view.last_event_on
    if last is None or (as_of - last).days <= STALE_DAYS or view.years.last < as_of.year:
        return None
    return Assessment("unknown", "assessment.stale", {"last": last})


def planned_companies(view: ProgrammeView, as_of: date) -> Assessment | None:
    row = next((row for row in view.companies if row.years.last == as_of.year), None)
    if row is None or row.planned_new.value is None:
        return None
    running = sum_of_known(row.completed, row.in_progress) or 0
    to_find = row.planned_new.value
    params = {"year": as_of.year, "planned": running + to_find, "running": running, "to_find": to_find}
    if to_find == 0:
        return Assessment("ok", "assessment.plan_met", params)
    is_behind = running * 365 < (running + to_find) * as_of.timetuple().tm_yday
    half = "second" if as_of >= date(as_of.year, 6, 30) else "year"
    return Assessment("warning" if is_behind else "ok", f"assessment.to_find_{half}", params)


def goal(view: ProgrammeView, as_of: date) -> Assessment | None:
    """Assess a round's progress, and how many companies the remaining years must add for the programme's goal."""
    current = next((r for r in reversed(view.rounds) if r.selected.value), None)
    if current is None or current.selected.value is None:
        return None
    params: dict[str, object] = {
        "year": current.year,
        "selected": current.selected.value,
        "finished": current.completed_or_about_to.value or 0,
    }
    target = view.companies_planned.value
    if target is None:
        return Assessment("info", "assessment.round", params)
    selected = sum(r.selected.value or 0 for r in view.rounds)
    planned = _planned_after(view.rounds, current)
    left = target - selected - planned
    params |= {"target": target, "planned": planned, "left": max(left, 0), "last": view.years.last}
    if left <= 0:
        return Assessment("ok", "assessment.goal_planned", params)
    open_years = view.years.last - max(r.year for r in view.rounds)
    best = max(max(r.selected.value or 0, r.planned.value or 0) for r in view.rounds)
    text_key = "assessment.goal" if planned else "assessment.goal_open"
    return Assessment(_goal_state(left, open_years, best), text_key, params)


def _planned_after(rounds: tuple[Round, ...], current: Round) -> int:
    return sum(r.planned.value or 0 for r in rounds if r.year > current.year and not r.selected.value)


def _goal_state(left: int, open_years: int, best: int) -> State:
    """Return danger where each remaining year needs more than twice the companies of the best year so far."""
    if open_years <= 0 or left > 2 * best * open_years:
        return "danger"
    return "warning" if left > best * open_years else "ok"


def indicator(view: ProgrammeView, as_of: date) -> Assessment | None:
    if not view.indicators:
        return None
    first = view.indicators[0]
    due = sum(year.target for year in first.years if year.year <= as_of.year)
    achieved = first.achieved.value or 0
    params = {"achieved": achieved, "target": first.target.value, "due": due, "unit": first.counted_in}
    return Assessment("ok" if achieved >= due else "warning", _indicator_text(achieved, due), params)


def _indicator_text(achieved: int, due: int) -> str:
    return "assessment.indicator_behind" if achieved < due else "assessment.indicator"


RULES: tuple[Rule, ...] = (consultation, history, stale, planned_companies, goal, indicator)


URGENT_STATES: tuple[State, ...] = ("danger", "warning", "unknown")
STAGES: tuple[Stage, ...] = ("running", "consultation", "history")


def by_urgency(views: Iterable[ProgrammeView], assessments: Mapping[str, Assessment]) -> list[ProgrammeView]:
    """Sort programmes: danger, warning, unknown, then the others: running, proposals, past results."""

    def sort_key(view: ProgrammeView) -> tuple[int, int]:
        state = assessments[view.id].state
        return (
            URGENT_STATES.index(state) if state in URGENT_STATES else len(URGENT_STATES),
            STAGES.index(view.stage),
        )

    return sorted(views, key=sort_key)


def assess_overview(states: list[State]) -> Assessment:
    """Count the programmes in danger, unknown and warning states; states without programmes are left out."""
    shown: tuple[State, ...] = ("danger", "unknown", "warning")
    counts = {state: states.count(state) for state in shown if state in states}
    params: dict[str, object] = {"programmes": len(states), "counts": counts}
    return Assessment(
        next(iter(counts), "ok"), "assessment.overview" if counts else "assessment.overview_ok", params
    )


def assess_case(view: CaseView, as_of: date) -> Assessment:
    """Assess a case: its status and next step; an unconfirmed payment comes before everything else."""
    if any(tranche.state == "unconfirmed" for tranche in view.tranches):
        return Assessment("unknown", "assessment.case_unconfirmed", {})
    if view.status in (
        "abandoned",
        "withdrawn",
        "rejected",
        "ineligible",
        "reserved",
        "completed",
        "recorded",
    ):
        state: State = "ok" if view.status in ("completed", "recorded") else "hold"
        return Assessment(state, f"assessment.case_{view.status}", {"paid": view.disbursed_krw})
    if missed := next((row for row in view.milestones if row.state == "missed"), None):
        return Assessment("danger", "assessment.case_missed", {"name": missed.name, "due": missed.due_on})
    return _assess_next_step(view, as_of)


def _assess_next_step(view: CaseView, as_of: date) -> Assessment:
    open_milestones = (row for row in view.milestones if row.state in ("scheduled", "due_soon", "reported"))
    upcoming = min(open_milestones, key=lambda row: row.due_on, default=None)
    if upcoming is None:
        return Assessment("info", "assessment.case_open", {"status": f"status.{view.status}"})
    params = {"paid": view.disbursed_krw, "name": upcoming.name, "due": upcoming.due_on}
    is_soon = 0 <= (upcoming.due_on - as_of).days <= 7 and upcoming.state != "reported"
    key = "assessment.case_next_paid" if view.disbursed_krw else "assessment.case_next"
    return Assessment("warning" if is_soon else "ok", key, params)


def current_year(view: ProgrammeView, as_of: date) -> CompanyYear | None:
    """Return the row of the as-of year, or the newest one before it; None without one."""
    rows = [row for row in view.companies if row.years.first <= as_of.year]
    return max(rows, key=lambda row: row.years.last, default=None)
