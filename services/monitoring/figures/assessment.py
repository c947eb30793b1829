"""Assessment of a programme: a judgement computed from its figures alone, by rules that are stated in words.

An assessment names its sentence and the rule that decided, both in the catalogue, and the parameters of the sentence.
The first rule that applies decides: consultation → past results only → stale figures → this year's planned companies →
progress against the programme's goal → an indicator → nothing to count yet. `info` and `planned` judge nothing.

Publishing a plan never makes a state worse: what is planned is asked for from the day of its publication on, and a plan
counts towards the goal without taking its year away from those that are left (docs/decisions/0027).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.monitoring.figures.figure import sum_of_known
from services.monitoring.figures.pledges import Indicator
from services.monitoring.figures.programme import ProgrammeView, Stage
from shared.web.ui.values import State, YearRange

STALE_DAYS = 210  # half a year and a month: a half-yearly report is overdue


@dataclass(frozen=True, slots=True)
class Assessment:
    """A state and the sentence with its reason; counts are of companies, times or municipalities.

    `rule` is the key of the rule in words; empty where the state is no judgement of a programme.
    """

    state: State
    text_key: str  # key of the sentence; the row of the overview shows `<text_key>.short`
    params: Mapping[str, object] = field(default_factory=dict)
    rule: str = ""


Rule = Callable[[ProgrammeView, date], Assessment | None]


def assess_programme(view: ProgrammeView, as_of: date) -> Assessment:
    """Assess a programme as of a date, by the first rule that applies."""
    for name, rule in RULES.items():
        if assessment := rule(view, as_of):
            return replace(assessment, rule=f"assessment.rule.{name}")
    return Assessment("planned", "assessment.nothing_yet", rule="assessment.rule.nothing_yet")


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
    return Assessment("info", "assessment.history", {"done": done, "running": running})


def stale(view: ProgrammeView, as_of: date) -> Assessment | None:
    """Assess a programme from which nothing was heard for long: a definition that is published is no news of it."""
    last = view.last_event_on or view.published_on
    if last is None or (as_of - last).days <= STALE_DAYS or view.years.last < as_of.year:
        return None
    return Assessment("unknown", "assessment.stale", {"last": last})


def planned_companies(view: ProgrammeView, as_of: date) -> Assessment | None:
    """Assess this year's plan, as if its companies were selected evenly from its publication to the end of the year.

    The plan is published as companies to find besides those that hold an award; `plan_since` is the day of that publication.
    """
    row = next((row for row in view.companies if row.years == YearRange(as_of.year, as_of.year)), None)
    if row is None or row.planned_new.value is None:
        return None
    begun = sum_of_known(row.completed, row.in_progress) or 0
    to_find = row.planned_new.value
    params = {"year": as_of.year, "planned": begun + to_find, "running": begun, "to_find": to_find}
    if to_find == 0:
        return Assessment("ok", "assessment.plan_met", params)
    begin, end = max(date(as_of.year, 1, 1), view.plan_since or date.min), date(as_of.year, 12, 31)
    due = (begun + to_find) * (as_of - begin).days // max((end - begin).days, 1)  # whole companies
    half = "second" if as_of >= date(as_of.year, 6, 30) else "year"
    return Assessment("warning" if begun < due else "ok", f"assessment.to_find_{half}", params)


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
    missing = target - sum(r.selected.value or 0 for r in view.rounds)
    planned = sum(r.planned.value or 0 for r in view.rounds if r.year > current.year and not r.selected.value)
    left = missing - planned
    params |= {"target": target, "planned": planned, "left": max(left, 0), "last": view.years.last}
    if left <= 0:
        return Assessment("ok", "assessment.goal_planned", params)
    best = max(max(r.selected.value or 0, r.planned.value or 0) for r in view.rounds)
    text_key = "assessment.goal" if planned else "assessment.goal_open"
    return Assessment(goal_state(missing, view.years.last - current.year, best), text_key, params)


def goal_state(missing: int, years_left: int, best: int) -> State:
    """Return danger where each year that is left needs more than twice the best year, selected or planned, or none is left.

    `missing` counts what is not selected yet, planned or not: a year that gets a plan stays a year that is left.
    """
    if years_left <= 0 or missing > 2 * best * years_left:
        return "danger"
    return "warning" if missing > best * years_left else "ok"


def first_indicator(view: ProgrammeView, as_of: date) -> Assessment | None:
    if not view.indicators:
        return None
    indicator = view.indicators[0]
    achieved, due = indicator.achieved.value or 0, due_by(indicator, as_of.year)
    params = {
        "achieved": achieved,
        "target": indicator.target.value,
        "due": due,
        "unit": indicator.counted_in,
    }
    text_key = "assessment.indicator_behind" if achieved < due else "assessment.indicator"
    return Assessment(indicator_state(indicator, as_of), text_key, params)


def indicator_state(indicator: Indicator, as_of: date) -> State:
    """Return a warning where the targets of the years that are over are not reached; this year's is due at its end.

    The sentence says what is due by this year: it may be behind while the state is ok.
    """
    return "ok" if (indicator.achieved.value or 0) >= due_by(indicator, as_of.year - 1) else "warning"


def due_by(indicator: Indicator, year: int) -> int:
    return sum(each.target for each in indicator.years if each.year <= year)


RULES: Mapping[str, Rule] = {
    "consultation": consultation,
    "history": history,
    "stale": stale,
    "planned_companies": planned_companies,
    "goal": goal,
    "indicator": first_indicator,
}
TEXT_FAMILIES = {"assessment.rule": RULES}


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


def assess_overview(states: Sequence[State]) -> Assessment:
    """Count the programmes in danger, unknown and warning states; states without programmes are left out."""
    shown: tuple[State, ...] = ("danger", "unknown", "warning")
    counts = {state: states.count(state) for state in shown if state in states}
    params: dict[str, object] = {"programmes": len(states), "counts": counts}
    return Assessment(
        next(iter(counts), "ok"), "assessment.overview" if counts else "assessment.overview_ok", params
    )
