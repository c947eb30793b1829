"""Key figures of a programme: at most six on its page, four in its row of the overview."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.monitoring.board.parts import view_charts
from services.monitoring.figures.companies import Mentors, Round
from services.monitoring.figures.figure import UNKNOWN, Figure
from services.monitoring.figures.programme import ProgrammeView
from shared.web.ui import format as fmt
from shared.web.ui.i18n import Translate
from shared.web.ui.values import Unit

MAX_ON_PAGE, MAX_IN_ROW = 6, 4


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A large figure: label, value, unit, a short note."""

    label: str
    figure: Figure
    counted_in: str = ""
    note: str = ""
    words: str = ""  # stands instead of a number
    is_money: bool = False  # shown in the page's unit


@dataclass(frozen=True, slots=True)
class KeyFigureContext:
    """Input of the functions that build key figures."""

    view: ProgrammeView
    t: Translate
    unit: Unit


KeyFigureBuilder = Callable[[KeyFigureContext], KeyFigure | None]


def page_figures(view: ProgrammeView, t: Translate, unit: Unit) -> list[KeyFigure]:
    """Return the key figures of a programme's page, chosen for its kind."""
    return first_available(PAGE_FIGURES[programme_kind(view)], KeyFigureContext(view, t, unit), MAX_ON_PAGE)


def row_figures(view: ProgrammeView, t: Translate, unit: Unit) -> list[KeyFigure]:
    """Return the key figures of a programme's row in the overview."""
    return first_available(ROW_FIGURES[programme_kind(view)], KeyFigureContext(view, t, unit), MAX_IN_ROW)


def first_available(names: Sequence[str], context: KeyFigureContext, limit: int) -> list[KeyFigure]:
    """Return the first key figures, up to the limit, that the programme has."""
    key_figures = [key_figure for name in names if (key_figure := BUILDERS[name](context))]
    return key_figures[:limit]


def programme_kind(view: ProgrammeView) -> str:
    """Return what characterizes the programme: a goal in companies, else a plan in money, else neither (`open`)."""
    if view.stage != "running":
        return view.stage
    return "goal" if view.companies_planned.value else "plan" if view.money else "open"


def goal(context: KeyFigureContext) -> KeyFigure | None:
    label = context.t("programme.goal", years=fmt.years(context.view.years))
    return company_count(context, label, context.view.companies_planned)


def total(context: KeyFigureContext) -> KeyFigure | None:
    note = (
        view_charts.ratio_text(context.view, context.t)
        if context.view.money
        else context.t("programme.public_private")
    )
    return unless_unknown(
        KeyFigure(context.t("programme.total"), context.view.total, note=note, is_money=True)
    )


def invested(context: KeyFigureContext) -> KeyFigure | None:
    view = context.view
    if not view.money:
        return None
    share = fmt.percent(view.invested.value, view.total.value, 1)
    note = context.t("programme.invested_share", percent=share)
    return unless_unknown(KeyFigure(context.t("programme.invested"), view.invested, note=note, is_money=True))


def committed(context: KeyFigureContext) -> KeyFigure | None:
    """Build the commitments of the newest year, beside the plan where there is one."""
    execution = context.view.execution
    if execution is None:
        return None
    public = execution.rows[0]
    planned, part = public.planned.value, fmt.percent(public.committed.value, public.planned.value, 1)
    note = context.t("programme.executed_of", planned=fmt.won(planned, context.unit), percent=part)
    label = context.t("programme.committed_year", year=execution.fiscal_year)
    return unless_unknown(KeyFigure(label, public.committed, note=note if planned else "", is_money=True))


def completed(context: KeyFigureContext) -> KeyFigure | None:
    return sum_over_years(
        context, "completed", view_charts.yearly_breakdown(context.view.companies, "completed")
    )


def in_progress(context: KeyFigureContext) -> KeyFigure | None:
    return sum_over_years(
        context, "in_progress", view_charts.yearly_breakdown(context.view.companies, "in_progress")
    )


def completed_and_running(context: KeyFigureContext) -> KeyFigure | None:
    running = view_charts.column_sum(context.view.companies, "in_progress")
    return sum_over_years(context, "completed", context.t("programme.in_progress_count", count=running))


def sum_over_years(context: KeyFigureContext, field: str, note: str) -> KeyFigure | None:
    total_of_years = Figure(view_charts.column_sum(context.view.companies, field))
    return company_count(context, context.t(f"programme.{field}"), total_of_years, note)


def selected(context: KeyFigureContext) -> KeyFigure | None:
    newest = newest_round(context.view)
    if newest is None:
        return None
    label = context.t("programme.selected_year", year=newest.year)
    note = (
        context.t("programme.applied_count", count=newest.applied.value)
        if context.view.takes_applications
        else ""
    )
    return company_count(context, label, newest.selected, note)


def finished(context: KeyFigureContext) -> KeyFigure | None:
    newest = newest_round(context.view)
    if newest is None:
        return None
    note = fmt.percent(newest.completed_or_about_to.value, newest.selected.value)
    return company_count(context, context.t("programme.finished_short"), newest.completed_or_about_to, note)


def next_plan(context: KeyFigureContext) -> KeyFigure | None:
    planned = next((row for row in context.view.rounds if row.planned.value and not row.selected.value), None)
    if planned is None:
        return None
    return company_count(context, context.t("programme.next_plan", year=planned.year), planned.planned)


def mentor_visits(context: KeyFigureContext) -> KeyFigure | None:
    mentors = context.view.mentors
    if mentors is None:
        return None
    note = context.t("programme.mentor_count", count=mentors.mentors.value)
    return company_count(context, context.t("programme.mentor_visits"), mentors.visited, note)


def indicator(context: KeyFigureContext) -> KeyFigure | None:
    if not context.view.indicators:
        return None
    first = context.view.indicators[0]
    of = context.t("indicator.of", target=first.target.value, unit=first.counted_in)
    return unless_unknown(
        KeyFigure(context.t("programme.indicator"), first.achieved, of, context.t("programme.indicator_note"))
    )


def stated(context: KeyFigureContext) -> KeyFigure | None:
    pledge = context.view.pledge
    if pledge is None:
        return None
    day = pledge.reported_on.isoformat() if pledge.reported_on else ""
    return unless_unknown(KeyFigure(context.t("programme.stated"), pledge.stated_percent, "%", day))


def support_cap(context: KeyFigureContext) -> KeyFigure | None:
    note = context.t("programme.cap_of")
    return unless_unknown(KeyFigure(context.t("programme.cap"), context.view.max_support_percent, "%", note))


def municipalities(context: KeyFigureContext) -> KeyFigure | None:
    label = context.t("programme.municipalities")
    figure = context.view.municipalities_count
    return unless_unknown(KeyFigure(label, figure, context.t("places", count=figure.value)))


def municipalities_asked(context: KeyFigureContext) -> KeyFigure | None:
    consultation = context.view.consultation
    if consultation is None:
        return None
    counted_in = context.t("places", count=consultation.asked.value)
    return unless_unknown(KeyFigure(context.t("programme.asked"), consultation.asked, counted_in))


def funders(context: KeyFigureContext) -> KeyFigure | None:
    consultation = context.view.consultation
    if consultation is None:
        return None
    return KeyFigure(
        context.t("consultation.funders"),
        UNKNOWN,
        words=view_charts.funder_names(consultation.funders, context.t),
    )


def mentor_figures(mentors: Mentors, t: Translate) -> list[KeyFigure]:
    """Return mentors, companies visited, and the share of selected companies that were visited."""
    share = fmt.percent(mentors.visited.value, mentors.selected.value)
    return [
        KeyFigure(t("mentors.mentors"), mentors.mentors, t("people", count=mentors.mentors.value)),
        KeyFigure(t("mentors.visited"), mentors.visited, t("companies", count=mentors.visited.value)),
        KeyFigure(t("mentors.rate"), UNKNOWN, words=share),
    ]


def newest_round(view: ProgrammeView) -> Round | None:
    return next((row for row in reversed(view.rounds) if row.selected.value), None)


def company_count(context: KeyFigureContext, label: str, figure: Figure, note: str = "") -> KeyFigure | None:
    return unless_unknown(KeyFigure(label, figure, context.t("companies", count=figure.value), note))


def unless_unknown(key_figure: KeyFigure) -> KeyFigure | None:
    return key_figure if key_figure.figure.value is not None else None


BUILDERS: Mapping[str, KeyFigureBuilder] = {
    "goal": goal,
    "total": total,
    "invested": invested,
    "committed": committed,
    "completed": completed,
    "in_progress": in_progress,
    "completed_and_running": completed_and_running,
    "selected": selected,
    "finished": finished,
    "next_plan": next_plan,
    "mentor_visits": mentor_visits,
    "indicator": indicator,
    "stated": stated,
    "cap": support_cap,
    "municipalities": municipalities,
    "municipalities_asked": municipalities_asked,
    "funders": funders,
}
PAGE_FIGURES: Mapping[str, Sequence[str]] = {
    "goal": ("goal", "total", "selected", "finished", "next_plan", "mentor_visits"),
    "plan": ("total", "invested", "committed", "completed", "in_progress", "indicator"),
    "open": (
        "total",
        "committed",
        "selected",
        "finished",
        "completed",
        "in_progress",
        "cap",
        "municipalities",
    ),
    "history": ("completed", "in_progress"),
    "consultation": ("municipalities_asked", "funders"),
}
ROW_FIGURES: Mapping[str, Sequence[str]] = {
    "goal": ("total", "selected", "finished", "mentor_visits"),
    "plan": ("total", "invested", "stated", "completed_and_running"),
    "open": ("total", "selected", "finished", "completed_and_running", "municipalities"),
    "history": ("completed", "in_progress"),
    "consultation": ("municipalities_asked", "funders"),
}
