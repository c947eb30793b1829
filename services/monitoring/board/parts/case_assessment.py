"""Assessment of a case, the sentence on top of its page: its status and its next step."""

from datetime import date

from services.monitoring.board.parts.case_view import CaseView
from services.monitoring.figures.assessment import Assessment
from shared.web.ui.values import State

ENDED = ("abandoned", "withdrawn", "rejected", "ineligible", "reserved", "completed", "recorded")
"""Statuses after which nothing is to be done; each has a sentence of its own."""


def assess_case(view: CaseView, as_of: date) -> Assessment:
    """Assess a case: its status and next step; an unconfirmed payment comes before everything else."""
    if any(tranche.state == "unconfirmed" for tranche in view.tranches):
        return Assessment("unknown", "assessment.case_unconfirmed", {})
    if view.status in ENDED:
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
