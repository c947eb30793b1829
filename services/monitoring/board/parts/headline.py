"""Which figures stand for a programme: at most six on its page, four in its row of the overview."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.monitoring.board.parts import drawings
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.i18n import Words
from services.monitoring.board.parts.programme_view import Mentors, ProgrammeView, Round
from services.monitoring.board.parts.values import UNKNOWN, Figure, Unit

MOST_ON_PAGE, MOST_IN_ROW = 6, 4


@dataclass(frozen=True, slots=True)
class Stat:
    """One large figure: its label, what it counts in, a short note."""

    label: str
    figure: Figure
    counted_in: str = ""
    note: str = ""
    words: str = ""  # stands instead of a number
    is_money: bool = False  # shown in the page's unit


@dataclass(frozen=True, slots=True)
class Said:
    """What a maker of a figure has to go by."""

    view: ProgrammeView
    t: Words
    unit: Unit


Maker = Callable[[Said], Stat | None]


def strip(view: ProgrammeView, t: Words, unit: Unit) -> list[Stat]:
    """The figures under a programme's title, chosen for its kind."""
    return chosen(PAGE[kind(view)], Said(view, t, unit), MOST_ON_PAGE)


def row(view: ProgrammeView, t: Words, unit: Unit) -> list[Stat]:
    """The figures of a programme's row in the overview."""
    return chosen(ROW[kind(view)], Said(view, t, unit), MOST_IN_ROW)


def chosen(names: Sequence[str], said: Said, most: int) -> list[Stat]:
    """The first of them that the programme has."""
    found = [stat for name in names if (stat := MAKERS[name](said))]
    return found[:most]


def kind(view: ProgrammeView) -> str:
    """A programme is told by its goal in companies, else by its plan in money, else by what there is."""
    if view.stage != "running":
        return view.stage
    return "goal" if view.companies_planned.value else "plan" if view.money else "open"


def goal(said: Said) -> Stat | None:
    label = said.t("programme.goal", years=fmt.years(said.view.years))
    return companies(said, label, said.view.companies_planned)


def total(said: Said) -> Stat | None:
    note = drawings.ratio_text(said.view, said.t) if said.view.money else said.t("programme.public_private")
    return known(Stat(said.t("programme.total"), said.view.total, note=note, is_money=True))


def invested(said: Said) -> Stat | None:
    view = said.view
    if not view.money:
        return None
    share = fmt.percent(view.invested.value, view.total.value, 1)
    note = said.t("programme.invested_share", percent=share)
    return known(Stat(said.t("programme.invested"), view.invested, note=note, is_money=True))


def committed(said: Said) -> Stat | None:
    """Of the newest year; against the plan only where there is one."""
    execution = said.view.execution
    if execution is None:
        return None
    public = execution.rows[0]
    planned, part = public.planned.value, fmt.percent(public.committed.value, public.planned.value, 1)
    note = said.t("programme.executed_of", planned=fmt.won(planned, said.unit), percent=part)
    label = said.t("programme.committed_year", year=execution.fiscal_year)
    return known(Stat(label, public.committed, note=note if planned else "", is_money=True))


def completed(said: Said) -> Stat | None:
    return of_years(said, "completed", drawings.year_parts(said.view.companies, "completed"))


def in_progress(said: Said) -> Stat | None:
    return of_years(said, "in_progress", drawings.year_parts(said.view.companies, "in_progress"))


def completed_and_running(said: Said) -> Stat | None:
    running = drawings.sum_of(said.view.companies, "in_progress")
    return of_years(said, "completed", said.t("programme.in_progress_count", count=running))


def of_years(said: Said, field: str, note: str) -> Stat | None:
    sum_of_years = Figure(drawings.sum_of(said.view.companies, field))
    return companies(said, said.t(f"programme.{field}"), sum_of_years, note)


def selected(said: Said) -> Stat | None:
    held = newest_round(said.view)
    if held is None:
        return None
    label = said.t("programme.selected_year", year=held.year)
    note = said.t("programme.applied_count", count=held.applied.value) if said.view.has_calls else ""
    return companies(said, label, held.selected, note)


def finished(said: Said) -> Stat | None:
    held = newest_round(said.view)
    if held is None:
        return None
    note = fmt.percent(held.completed_or_about_to.value, held.selected.value)
    return companies(said, said.t("programme.finished_short"), held.completed_or_about_to, note)


def next_plan(said: Said) -> Stat | None:
    planned = next((one for one in said.view.rounds if one.planned.value and not one.selected.value), None)
    if planned is None:
        return None
    return companies(said, said.t("programme.next_plan", year=planned.year), planned.planned)


def mentor_visits(said: Said) -> Stat | None:
    mentors = said.view.mentors
    if mentors is None:
        return None
    note = said.t("programme.mentor_count", count=mentors.mentors.value)
    return companies(said, said.t("programme.mentor_visits"), mentors.visited, note)


def indicator(said: Said) -> Stat | None:
    if not said.view.indicators:
        return None
    first = said.view.indicators[0]
    of = said.t("indicator.of", target=first.target.value, unit=first.counted_in)
    return known(Stat(said.t("programme.indicator"), first.achieved, of, said.t("programme.indicator_note")))


def stated(said: Said) -> Stat | None:
    pledge = said.view.pledge
    if pledge is None:
        return None
    day = pledge.reported_on.isoformat() if pledge.reported_on else ""
    return known(Stat(said.t("programme.stated"), pledge.stated_percent, "%", day))


def cap(said: Said) -> Stat | None:
    note = said.t("programme.cap_of")
    return known(Stat(said.t("programme.cap"), said.view.max_support_percent, "%", note))


def municipalities(said: Said) -> Stat | None:
    label = said.t("programme.municipalities")
    return known(Stat(label, said.view.municipalities_count, said.t("places")))


def asked(said: Said) -> Stat | None:
    draft = said.view.consultation
    return known(Stat(said.t("programme.asked"), draft.asked, said.t("places"))) if draft else None


def funders(said: Said) -> Stat | None:
    draft = said.view.consultation
    if draft is None:
        return None
    return Stat(said.t("consultation.funders"), UNKNOWN, words=drawings.funder_names(draft.funders, said.t))


def mentoring(mentors: Mentors, t: Words) -> list[Stat]:
    """Mentors, companies visited, and their share of those selected."""
    share = fmt.percent(mentors.visited.value, mentors.selected.value)
    return [
        Stat(t("mentors.mentors"), mentors.mentors, t("people")),
        Stat(t("mentors.visited"), mentors.visited, t("companies")),
        Stat(t("mentors.rate"), UNKNOWN, words=share),
    ]


def newest_round(view: ProgrammeView) -> Round | None:
    return next((one for one in reversed(view.rounds) if one.selected.value), None)


def companies(said: Said, label: str, figure: Figure, note: str = "") -> Stat | None:
    return known(Stat(label, figure, said.t("companies"), note))


def known(stat: Stat) -> Stat | None:
    return stat if stat.figure.value is not None else None


MAKERS: Mapping[str, Maker] = {
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
    "cap": cap,
    "municipalities": municipalities,
    "asked": asked,
    "funders": funders,
}
PAGE: Mapping[str, Sequence[str]] = {
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
    "consultation": ("asked", "funders"),
}
ROW: Mapping[str, Sequence[str]] = {
    "goal": ("total", "selected", "finished", "mentor_visits"),
    "plan": ("total", "invested", "stated", "completed_and_running"),
    "open": ("total", "selected", "finished", "completed_and_running", "municipalities"),
    "history": ("completed", "in_progress"),
    "consultation": ("asked", "funders"),
}
