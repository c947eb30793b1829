"""Data of the charts that show a view, with the sums and lists beside them."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from markupsafe import Markup

from services.monitoring.board.parts.case_view import CaseView, TimelineEntry
from services.monitoring.figures.companies import CompanyYear
from services.monitoring.figures.figure import sum_of_known
from services.monitoring.figures.money import MoneyRow, MoneyYear
from services.monitoring.figures.programme import ProgrammeView, current_year
from shared.values.money import Funder
from shared.web.ui import charts
from shared.web.ui import format as fmt
from shared.web.ui.charts import Bar, Segment
from shared.web.ui.i18n import Translate
from shared.web.ui.values import Lang, Unit

MIN_GROUP_SIZE = 4


def company_columns(rows: tuple[CompanyYear, ...], t: Translate) -> Markup:
    """Chart companies by year: completed dark, under way light, newly planned as an outline."""
    bars = [Bar(fmt.years(row.years), _company_segments(row), _company_lines(row, t)) for row in rows]
    return charts.columns(bars, _bars_label(t("companies.caption"), bars))


def money_columns(rows: tuple[MoneyYear, ...], t: Translate, lang: Lang, unit: Unit) -> Markup:
    """Chart money by year: the plan as an outline, execution filled and stacked by funder."""
    bars = [_money_bar(row, t, lang, unit) for row in rows]
    return charts.wide_columns(bars, _bars_label(t("money.by_year"), bars))


def _money_bar(row: MoneyYear, t: Translate, lang: Lang, unit: Unit) -> Bar:
    executed = sum_of_known(*(figure for _, figure in row.executed))
    amounts = (("money.bar_planned", row.planned.value), ("money.bar_executed", executed))
    return Bar(
        fmt.period(row.key, lang),
        tuple(Segment(figure.value or 0, funder) for funder, figure in row.executed),
        tuple(t(key, amount=fmt.won(value, unit)) for key, value in amounts if value is not None),
        row.planned.value or 0,
    )


def spark(view: ProgrammeView, t: Translate, lang: Lang, unit: Unit) -> tuple[str, Markup] | None:
    """Return title and sparkline of an overview row: companies by year, else the plan, else the rounds; or None."""
    if view.companies:
        bars = [
            Bar(_short_years(row), _company_segments(row)[:2], (fmt.count(_selected_total(row)),))
            for row in view.companies
        ]
        return t("programme.by_year"), charts.spark(bars, _bars_label(t("programme.by_year"), bars))
    if view.money:
        total = view.money.rows[0]
        bars = [
            Bar(period.key[2:4], (Segment(cell.value or 0, "plan"),))
            for period, cell in zip(view.money.periods, total.cells, strict=True)
        ]
        return t("programme.plan_by_year"), charts.spark(bars, t("programme.plan_by_year"))
    if rounds := [r for r in view.rounds if r.selected.value or r.planned.value]:
        bars = [
            Bar(
                str(r.year)[2:],
                (Segment(value, "actual" if r.selected.value else "plan"),),
                (fmt.count(value),),
            )
            for r in rounds
            if (value := r.selected.value or r.planned.value or 0)
        ]
        return t("programme.by_year"), charts.spark(bars, _bars_label(t("programme.by_year"), bars))
    return None


def bullet(view: ProgrammeView, t: Translate, lang: Lang, as_of: date) -> tuple[str, str, Markup] | None:
    """Return the two titles and the bullet chart of an overview row: progress to a goal, plan or indicator; or None."""
    return _goal(view, t) or _year_plan(view, t, as_of) or _indicator(view, t, lang) or _consultation(view, t)


def goal_segments(view: ProgrammeView, t: Translate) -> list[Segment]:
    """Return the segments of the programme's goal, in companies: selected, planned, still missing."""
    segments = [
        Segment(
            r.selected.value or r.planned.value or 0,
            "actual" if r.selected.value else "plan",
            t("rounds.actual" if r.selected.value else "rounds.planned", year=r.year)
            + " "
            + fmt.count(r.selected.value or r.planned.value or 0),
        )
        for r in view.rounds
        if r.selected.value or r.planned.value
    ]
    left = (view.companies_planned.value or 0) - sum(segment.value for segment in segments)
    return (
        [*segments, Segment(left, "short", f"{t('rounds.left')} {fmt.count(left)}")] if left > 0 else segments
    )


def _goal(view: ProgrammeView, t: Translate) -> tuple[str, str, Markup] | None:
    target = view.companies_planned.value
    if not target or not view.rounds:
        return None
    segments = goal_segments(view, t)
    title = t("programme.until", year=view.years.last)
    return (
        title,
        t("programme.goal_of", count=target),
        charts.bullet(segments, target, _segments_label(title, segments)),
    )


def _year_plan(view: ProgrammeView, t: Translate, as_of: date) -> tuple[str, str, Markup] | None:
    row = current_year(view, as_of)
    if row is None or row.planned_new.value is None:
        return None
    running, left = _selected_total(row), row.planned_new.value
    segments = [
        Segment(running, "actual", f"{t('programme.selected')} {fmt.count(running)}"),
        Segment(left, "short", f"{t('rounds.left')} {fmt.count(left)}" if left else ""),
    ]
    title = t("programme.by_plan", year=row.years.last)
    return (
        title,
        t("programme.plan_of", count=running + left),
        charts.bullet(segments, running + left, _segments_label(title, segments)),
    )


def _indicator(view: ProgrammeView, t: Translate, lang: Lang) -> tuple[str, str, Markup] | None:
    if not view.indicators:
        return None
    first = view.indicators[0]
    achieved, target = first.achieved.value or 0, first.target.value or 0
    segments = [Segment(achieved, "actual", f"{fmt.count(achieved)} / {fmt.count(target)}")]
    title = t("programme.indicator")
    end = t("programme.indicator_of", count=target, unit=first.counted_in)
    return title, end, charts.bullet(segments, target, f"{first.name.in_(lang)}: {segments[0].text}")


def _consultation(view: ProgrammeView, t: Translate) -> tuple[str, str, Markup] | None:
    consultation = view.consultation
    if consultation is None or consultation.asked.value is None or consultation.answered.value is None:
        return None
    segment = Segment(
        consultation.answered.value,
        "actual",
        f"{t('consultation.answered')} {fmt.count(consultation.answered.value)}",
    )
    title = t("consultation.answered")
    return (
        title,
        fmt.count(consultation.asked.value),
        charts.bullet([segment], consultation.asked.value, segment.text),
    )


def _company_segments(row: CompanyYear) -> tuple[Segment, ...]:
    return (
        Segment(row.completed.value or 0, "actual"),
        Segment(row.in_progress.value or 0, "actual2"),
        Segment(row.planned_new.value or 0, "plan"),
    )


def _company_lines(row: CompanyYear, t: Translate) -> tuple[str, ...]:
    """Return the labels of the segments, top segment first."""
    names = ("programme.completed", "programme.in_progress", "programme.planned_new")
    lines = [
        f"{t(name)} {fmt.count(segment.value)}"
        for name, segment in zip(names, _company_segments(row), strict=True)
        if segment.value
    ]
    return tuple(reversed(lines))


def _selected_total(row: CompanyYear) -> int:
    return (row.completed.value or 0) + (row.in_progress.value or 0)


def _short_years(row: CompanyYear) -> str:
    first, last = str(row.years.first)[2:], str(row.years.last)[2:]
    return first if first == last else f"{first}~{last}"


def _bars_label(title: str, bars: list[Bar]) -> str:
    return f"{title}. " + ", ".join(f"{bar.name}: {' + '.join(bar.lines)}" for bar in bars if bar.lines)


def _segments_label(title: str, segments: list[Segment]) -> str:
    return f"{title}. " + ", ".join(segment.text for segment in segments if segment.text)


def column_sum(rows: tuple[CompanyYear, ...], field: str) -> int | None:
    """Sum a column of the companies' table (`completed`, `in_progress`, `planned_new`); None where nothing is known."""
    return sum_of_known(*(getattr(row, field) for row in rows))


def completed_total(view: ProgrammeView) -> int | None:
    """Return the completed companies of all years: from the yearly table, else from the rounds."""
    return (
        column_sum(view.companies, "completed")
        if view.companies
        else sum_of_known(*(r.completed for r in view.rounds))
    )


def in_progress_total(view: ProgrammeView) -> int | None:
    """Return the companies under way: selected and not completed."""
    if view.companies:
        return column_sum(view.companies, "in_progress")
    selected, completed = sum_of_known(*(r.selected for r in view.rounds)), completed_total(view)
    return None if selected is None else selected - (completed or 0)


def total_breakdown(row: MoneyRow, unit: Unit) -> str:
    """Format the known parts of a total: A 6,000 + B 10,000 + C 0."""
    parts = (("A", row.invested), ("B", row.term), ("C", row.after))
    return " + ".join(f"{name} {fmt.won(part.value, unit)}" for name, part in parts if part.value is not None)


def funder_names(funders: tuple[Funder, ...], t: Translate) -> str:
    """Format funders: 도비 + 시비."""
    return " + ".join(t(f"funder.{funder}") for funder in funders)


def ratio_text(view: ProgrammeView, t: Translate) -> str:
    """Format the funders' ratio: 국비·도비·시비·자부담 50:10:20:20."""
    names = "·\N{ZERO WIDTH SPACE}".join(t(f"funder.{funder}") for funder, _ in view.ratio)
    return f"{names} {':'.join(str(share) for _, share in view.ratio)}".strip()


def yearly_breakdown(rows: tuple[CompanyYear, ...], field: str) -> str:
    """Format the years of a sum: `2019 9 + 2020 11`."""
    values = [(fmt.years(row.years), getattr(row, field).value) for row in rows]
    return " + ".join(f"{years} {fmt.count(value)}" for years, value in values if value)


def group_messages(timeline: Sequence[TimelineEntry]) -> list[list[TimelineEntry]]:
    """Group four or more consecutive messages of one day; other entries are groups of one."""
    groups: list[list[TimelineEntry]] = []
    for (_, service), entries in groupby(timeline, key=lambda entry: (entry.occurred_on, entry.service)):
        group = list(entries)
        if service == "notifications" and len(group) >= MIN_GROUP_SIZE:
            groups.append(group)
        else:
            groups += [[entry] for entry in group]
    return groups


def funder_chart(view: CaseView, t: Translate) -> Markup:
    """Chart the funders' shares of a case."""
    segments = [
        Segment(share.agreed_krw, share.funder, t(f"funder.{share.funder}")) for share in view.funder_shares
    ]
    return charts.stacked_bar(
        segments, ", ".join(f"{segment.text} {fmt.count(segment.value)}" for segment in segments)
    )
