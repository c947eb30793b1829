"""Which chart a view gets (the spark and the bullet of a row, the columns), and the sums and lists beside it."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from markupsafe import Markup

from services.monitoring.board.parts import charts
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.case_view import CaseView, TimelineEntry
from services.monitoring.board.parts.charts import Bar, Part
from services.monitoring.board.parts.i18n import Words
from services.monitoring.board.parts.programme_view import CompanyYear, MoneyRow, MoneyYear, ProgrammeView
from services.monitoring.board.parts.values import Lang, Unit
from services.monitoring.board.parts.verdict import current_year
from shared.values.money import Funder

LONG_RUN = 4


def company_columns(rows: tuple[CompanyYear, ...], t: Words) -> Markup:
    """Companies by year: completed dark, under way light, newly planned as an outline."""
    bars = [Bar(fmt.years(row.years), _company_parts(row), _company_lines(row, t)) for row in rows]
    return charts.columns(bars, _spoken(t("companies.caption"), bars))


def money_columns(rows: tuple[MoneyYear, ...], t: Words, lang: Lang, unit: Unit) -> Markup:
    """Money by year: the plan as an outline, what was executed filled and stacked by funder."""
    bars = [_money_bar(row, t, lang, unit) for row in rows]
    return charts.wide_columns(bars, _spoken(t("money.by_year"), bars))


def _money_bar(row: MoneyYear, t: Words, lang: Lang, unit: Unit) -> Bar:
    executed = fmt.plus(*(figure for _, figure in row.executed))
    said = (("money.bar_planned", row.planned.value), ("money.bar_executed", executed))
    return Bar(
        fmt.period(row.key, lang),
        tuple(Part(figure.value or 0, funder) for funder, figure in row.executed),
        tuple(t(key, amount=fmt.won(value, unit)) for key, value in said if value is not None),
        row.planned.value or 0,
    )


def spark(view: ProgrammeView, t: Words, lang: Lang, unit: Unit) -> tuple[str, Markup] | None:
    """The small chart of an overview row with its title: companies by year, or the plan by year."""
    if view.companies:
        bars = [
            Bar(_short_years(row), _company_parts(row)[:2], (fmt.count(_running(row)),))
            for row in view.companies
        ]
        return t("programme.by_year"), charts.spark(bars, _spoken(t("programme.by_year"), bars))
    if view.money:
        total = view.money.rows[0]
        bars = [
            Bar(period.key[2:4], (Part(cell.value or 0, "plan"),))
            for period, cell in zip(view.money.periods, total.cells, strict=True)
        ]
        return t("programme.plan_by_year"), charts.spark(bars, t("programme.plan_by_year"))
    if picked := [r for r in view.rounds if r.selected.value or r.planned.value]:
        bars = [
            Bar(
                str(r.year)[2:], (Part(value, "actual" if r.selected.value else "plan"),), (fmt.count(value),)
            )
            for r in picked
            if (value := r.selected.value or r.planned.value or 0)
        ]
        return t("programme.by_year"), charts.spark(bars, _spoken(t("programme.by_year"), bars))
    return None


def bullet(view: ProgrammeView, t: Words, lang: Lang, as_of: date) -> tuple[str, str, Markup] | None:
    """The bar of an overview row with its two titles: what is reached of a goal, plan or indicator."""
    return _goal(view, t) or _year_plan(view, t, as_of) or _indicator(view, t, lang) or _answers(view, t)


def goal_parts(view: ProgrammeView, t: Words) -> list[Part]:
    """Selected, planned and still missing of the programme's goal, in companies."""
    parts = [
        Part(
            r.selected.value or r.planned.value or 0,
            "actual" if r.selected.value else "plan",
            t("rounds.actual" if r.selected.value else "rounds.planned", year=r.year)
            + " "
            + fmt.count(r.selected.value or r.planned.value or 0),
        )
        for r in view.rounds
        if r.selected.value or r.planned.value
    ]
    left = (view.companies_planned.value or 0) - sum(part.value for part in parts)
    return [*parts, Part(left, "short", f"{t('rounds.left')} {fmt.count(left)}")] if left > 0 else parts


def _goal(view: ProgrammeView, t: Words) -> tuple[str, str, Markup] | None:
    target = view.companies_planned.value
    if not target or not view.rounds:
        return None
    parts = goal_parts(view, t)
    title = t("programme.until", year=view.years.last)
    return title, t("programme.goal_of", count=target), charts.bullet(parts, target, _said(title, parts))


def _year_plan(view: ProgrammeView, t: Words, as_of: date) -> tuple[str, str, Markup] | None:
    row = current_year(view, as_of)
    if row is None or row.planned_new.value is None:
        return None
    running, left = _running(row), row.planned_new.value
    parts = [
        Part(running, "actual", f"{t('programme.selected')} {fmt.count(running)}"),
        Part(left, "short", f"{t('rounds.left')} {fmt.count(left)}" if left else ""),
    ]
    title = t("programme.by_plan", year=row.years.last)
    return (
        title,
        t("programme.plan_of", count=running + left),
        charts.bullet(parts, running + left, _said(title, parts)),
    )


def _indicator(view: ProgrammeView, t: Words, lang: Lang) -> tuple[str, str, Markup] | None:
    if not view.indicators:
        return None
    first = view.indicators[0]
    achieved, target = first.achieved.value or 0, first.target.value or 0
    parts = [Part(achieved, "actual", f"{fmt.count(achieved)} / {fmt.count(target)}")]
    title = t("programme.indicator")
    end = t("programme.indicator_of", count=target, unit=first.counted_in)
    return title, end, charts.bullet(parts, target, f"{first.name.in_(lang)}: {parts[0].text}")


def _answers(view: ProgrammeView, t: Words) -> tuple[str, str, Markup] | None:
    asked = view.consultation
    if asked is None or asked.asked.value is None or asked.answered.value is None:
        return None
    part = Part(
        asked.answered.value, "actual", f"{t('consultation.answered')} {fmt.count(asked.answered.value)}"
    )
    title = t("consultation.answered")
    return title, fmt.count(asked.asked.value), charts.bullet([part], asked.asked.value, part.text)


def _company_parts(row: CompanyYear) -> tuple[Part, ...]:
    return (
        Part(row.completed.value or 0, "actual"),
        Part(row.in_progress.value or 0, "actual2"),
        Part(row.planned_new.value or 0, "plan"),
    )


def _company_lines(row: CompanyYear, t: Words) -> tuple[str, ...]:
    """From above, as the pieces stand."""
    names = ("programme.completed", "programme.in_progress", "programme.planned_new")
    said = [
        f"{t(name)} {fmt.count(part.value)}"
        for name, part in zip(names, _company_parts(row), strict=True)
        if part.value
    ]
    return tuple(reversed(said))


def _running(row: CompanyYear) -> int:
    return (row.completed.value or 0) + (row.in_progress.value or 0)


def _short_years(row: CompanyYear) -> str:
    first, last = str(row.years.first)[2:], str(row.years.last)[2:]
    return first if first == last else f"{first}~{last}"


def _spoken(title: str, bars: list[Bar]) -> str:
    return f"{title}. " + ", ".join(f"{bar.name}: {' + '.join(bar.lines)}" for bar in bars if bar.lines)


def _said(title: str, parts: list[Part]) -> str:
    return f"{title}. " + ", ".join(part.text for part in parts if part.text)


def sum_of(rows: tuple[CompanyYear, ...], field: str) -> int | None:
    """The sum of one column of the companies' table: `completed`, `in_progress` or `planned_new`."""
    return fmt.plus(*(getattr(row, field) for row in rows))


def completed_of(view: ProgrammeView) -> int | None:
    """Completed companies over all years: from the yearly table, else from the rounds."""
    return (
        sum_of(view.companies, "completed")
        if view.companies
        else fmt.plus(*(r.completed for r in view.rounds))
    )


def running_of(view: ProgrammeView) -> int | None:
    """Companies under way: selected and not completed."""
    if view.companies:
        return sum_of(view.companies, "in_progress")
    selected, completed = fmt.plus(*(r.selected for r in view.rounds)), completed_of(view)
    return None if selected is None else selected - (completed or 0)


def money_parts(row: MoneyRow, unit: Unit) -> str:
    """A 6,000 + B 10,000 + C 0: those that are known."""
    parts = (("A", row.invested), ("B", row.term), ("C", row.after))
    return " + ".join(f"{name} {fmt.won(part.value, unit)}" for name, part in parts if part.value is not None)


def funder_names(funders: tuple[Funder, ...], t: Words) -> str:
    """도비 + 시비."""
    return " + ".join(t(f"funder.{funder}") for funder in funders)


def ratio_text(view: ProgrammeView, t: Words) -> str:
    """국비·도비·시비·자부담 50:10:20:20."""
    names = "·\N{ZERO WIDTH SPACE}".join(t(f"funder.{funder}") for funder, _ in view.ratio)
    return f"{names} {':'.join(str(share) for _, share in view.ratio)}".strip()


def year_parts(rows: tuple[CompanyYear, ...], field: str) -> str:
    """Which years make a sum: `2019 9 + 2020 11`."""
    picked = [(fmt.years(row.years), getattr(row, field).value) for row in rows]
    return " + ".join(f"{years} {fmt.count(value)}" for years, value in picked if value)


def runs(timeline: Sequence[TimelineEntry]) -> list[list[TimelineEntry]]:
    """Entries one by one, except that four or more messages of one day in a row stand together."""
    found: list[list[TimelineEntry]] = []
    for (_, service), entries in groupby(timeline, key=lambda entry: (entry.occurred_on, entry.service)):
        together = list(entries)
        if service == "notifications" and len(together) >= LONG_RUN:
            found.append(together)
        else:
            found += [[entry] for entry in together]
    return found


def purse_chart(view: CaseView, t: Words) -> Markup:
    """Who pays how much of a case."""
    parts = [Part(purse.agreed_krw, purse.funder, t(f"funder.{purse.funder}")) for purse in view.purses]
    return charts.purses(parts, ", ".join(f"{part.text} {fmt.count(part.value)}" for part in parts))
