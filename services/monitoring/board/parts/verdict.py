"""The sentence on top of a page: chosen and computed from the figures by rules, never written by hand.

A verdict names its text (texts/verdicts.py) and what fills it. The rules, in order; the first that applies speaks:
consultation → history only → stale figures → this year's planned companies → a round's progress against the
programme's goal → an indicator → nothing to count yet.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.monitoring.board.parts.case_view import CaseView
from services.monitoring.board.parts.format import plus
from services.monitoring.board.parts.programme_view import CompanyYear, ProgrammeView, Round, Stage
from services.monitoring.board.parts.values import State

STALE_DAYS = 210  # half a year and a month: a half-yearly report is overdue


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state and the sentence that says why; counts are companies, times or municipalities."""

    state: State
    text: str  # key of the sentence; the row of the overview shows `<text>.short`
    params: Mapping[str, object] = field(default_factory=dict)


Rule = Callable[[ProgrammeView, date], Verdict | None]


def of_programme(view: ProgrammeView, as_of: date) -> Verdict:
    """What is to be said of a programme as of a date."""
    for rule in RULES:
        if verdict := rule(view, as_of):
            return verdict
    return Verdict("planned", "verdict.nothing_yet")


def consultation(view: ProgrammeView, as_of: date) -> Verdict | None:
    asked = view.consultation
    if view.stage != "consultation" or asked is None:
        return None
    if asked.answered.value is None or asked.asked.value is None:
        return Verdict("info", "verdict.consulting", {"asked": asked.asked.value})
    left = asked.asked.value - asked.answered.value
    params = {"asked": asked.asked.value, "answered": asked.answered.value, "left": left}
    return Verdict("info" if left else "ok", "verdict.answers" if left else "verdict.all_answered", params)


def history(view: ProgrammeView, as_of: date) -> Verdict | None:
    if view.stage != "history":
        return None
    done = plus(*(row.completed for row in view.companies))
    running = plus(*(row.in_progress for row in view.companies))
    return Verdict("info", "verdict.history", {"done": done or 0, "running": running or 0})


def stale(view: ProgrammeView, as_of: date) -> Verdict | None:
    last = view.last_event_on
    if last is None or (as_of - last).days <= STALE_DAYS or view.years.last < as_of.year:
        return None
    return Verdict("unknown", "verdict.stale", {"last": last})


def planned_companies(view: ProgrammeView, as_of: date) -> Verdict | None:
    row = next((row for row in view.companies if row.years.last == as_of.year), None)
    if row is None or row.planned_new.value is None:
        return None
    running = plus(row.completed, row.in_progress) or 0
    to_find = row.planned_new.value
    params = {"year": as_of.year, "planned": running + to_find, "running": running, "to_find": to_find}
    if to_find == 0:
        return Verdict("ok", "verdict.plan_met", params)
    behind = running * 365 < (running + to_find) * as_of.timetuple().tm_yday
    half = "second" if as_of >= date(as_of.year, 6, 30) else "year"
    return Verdict("warning" if behind else "ok", f"verdict.to_find_{half}", params)


def goal(view: ProgrammeView, as_of: date) -> Verdict | None:
    """A round's progress, and what the remaining years must bring for the programme's goal."""
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
        return Verdict("info", "verdict.round", params)
    selected = sum(r.selected.value or 0 for r in view.rounds)
    planned = _planned_after(view.rounds, current)
    left = target - selected - planned
    params |= {"target": target, "planned": planned, "left": max(left, 0), "last": view.years.last}
    if left <= 0:
        return Verdict("ok", "verdict.goal_planned", params)
    open_years = view.years.last - max(r.year for r in view.rounds)
    best = max(max(r.selected.value or 0, r.planned.value or 0) for r in view.rounds)
    text = "verdict.goal" if planned else "verdict.goal_open"
    return Verdict(_reach(left, open_years, best), text, params)


def _planned_after(rounds: tuple[Round, ...], current: Round) -> int:
    return sum(r.planned.value or 0 for r in rounds if r.year > current.year and not r.selected.value)


def _reach(left: int, open_years: int, best: int) -> State:
    """Danger: each open year would have to bring more than twice the best year so far."""
    if open_years <= 0 or left > 2 * best * open_years:
        return "danger"
    return "warning" if left > best * open_years else "ok"


def indicator(view: ProgrammeView, as_of: date) -> Verdict | None:
    if not view.indicators:
        return None
    first = view.indicators[0]
    due = sum(year.target for year in first.years if year.year <= as_of.year)
    achieved = first.achieved.value or 0
    params = {"achieved": achieved, "target": first.target.value, "due": due, "unit": first.counted_in}
    return Verdict("ok" if achieved >= due else "warning", _pace(achieved, due), params)


def _pace(achieved: int, due: int) -> str:
    return "verdict.indicator_behind" if achieved < due else "verdict.indicator"


RULES: tuple[Rule, ...] = (consultation, history, stale, planned_companies, goal, indicator)


RISK: tuple[State, ...] = ("danger", "warning", "unknown")
STAGES: tuple[Stage, ...] = ("running", "consultation", "history")


def by_risk(views: Iterable[ProgrammeView], verdicts: Mapping[str, Verdict]) -> list[ProgrammeView]:
    """Most pressing first: danger, warning, unknown, then what runs, drafts, what is only history."""

    def place(view: ProgrammeView) -> tuple[int, int]:
        state = verdicts[view.id].state
        return (RISK.index(state) if state in RISK else len(RISK), STAGES.index(view.stage))

    return sorted(views, key=place)


def of_overview(states: list[State]) -> Verdict:
    """How many programmes are in danger, need checking or need care: only what there is."""
    watched: tuple[State, ...] = ("danger", "unknown", "warning")
    found = {state: states.count(state) for state in watched if state in states}
    params: dict[str, object] = {"programmes": len(states), "found": found}
    return Verdict(next(iter(found), "ok"), "verdict.overview" if found else "verdict.overview_ok", params)


def of_case(view: CaseView, as_of: date) -> Verdict:
    """Where a case stands and what is next; a payment in doubt comes before everything else."""
    if any(tranche.state == "unconfirmed" for tranche in view.tranches):
        return Verdict("unknown", "verdict.case_unconfirmed", {})
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
        return Verdict(state, f"verdict.case_{view.status}", {"paid": view.disbursed_krw})
    if missed := next((m for m in view.milestones if m.state == "missed"), None):
        return Verdict("danger", "verdict.case_missed", {"name": missed.name, "due": missed.due_on})
    return _next_step(view, as_of)


def _next_step(view: CaseView, as_of: date) -> Verdict:
    waiting = (m for m in view.milestones if m.state in ("scheduled", "due_soon", "reported"))
    upcoming = min(waiting, key=lambda m: m.due_on, default=None)
    if upcoming is None:
        return Verdict("info", "verdict.case_open", {"status": f"status.{view.status}"})
    params = {"paid": view.disbursed_krw, "name": upcoming.name, "due": upcoming.due_on}
    soon = 0 <= (upcoming.due_on - as_of).days <= 7 and upcoming.state != "reported"
    key = "verdict.case_next_paid" if view.disbursed_krw else "verdict.case_next"
    return Verdict("warning" if soon else "ok", key, params)


def current_year(view: ProgrammeView, as_of: date) -> CompanyYear | None:
    """The row of the as-of year, or the newest one before it."""
    rows = [row for row in view.companies if row.years.first <= as_of.year]
    return max(rows, key=lambda row: row.years.last, default=None)
