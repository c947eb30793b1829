"""Rendering of views to HTML. No database, no web framework."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from services.monitoring.board.parts import charts, drawings, headline, i18n, layout, verdict
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.case_view import STATUS_STATE, CasesView, CaseView, TimelineEntry
from services.monitoring.board.parts.figure_html import FigureHtml
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.board.parts.values import Figure, Lang, Text
from services.monitoring.board.parts.views import ErrorView, OverviewView, Page
from shared.values.identity_cache import IdentityKey

ROW_CACHE_SIZE = 1_000
DAY_PLACEHOLDER = date.max  # stands in links for the page's day where HTML is rendered once for many days
BOARD = Path(__file__).resolve().parent.parent

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Assets:
    """Built files by the name of their source; empty where nothing was built, and pages are readable without them."""

    files: Mapping[str, str] = field(default_factory=dict)
    base: str = "/static/"

    def url(self, name: str) -> str | None:
        """Return the address of a built file, None where it was not built."""
        return self.base + self.files[name] if name in self.files else None


def built_assets(static: Path = BOARD / "static") -> Assets:
    """Read the manifest that `python -m tools.assets` wrote; without one, no assets."""
    manifest = static / "manifest.json"
    return Assets(json.loads(manifest.read_text())) if manifest.is_file() else Assets()


class DirectCallContext(Context):
    """Jinja context that calls functions directly.

    Jinja checks at each call whether the function takes its context; in these templates only macros do.
    """

    def call(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        _loop_vars: Any = None,
        _block_vars: Any = None,
        **named: Any,
    ) -> Any:
        return super().call(function, *args, **named) if type(function) is Macro else function(*args, **named)


class BoardEnvironment(Environment):
    """Jinja environment with direct calls."""

    context_class = DirectCallContext


class Renderer:
    """Renderer of the board's pages; thread-safe, one a process."""

    def __init__(self, assets: Assets | None = None) -> None:
        self.environment = BoardEnvironment(
            loader=FileSystemLoader(BOARD / "templates"),
            auto_reload=False,  # or every page checks each of its templates on disk
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            assets=assets if assets is not None else built_assets(),
            fmt=fmt,
            charts=charts,
            drawings=drawings,
            headline=headline,
            DUE_ROWS_SHOWN=layout.DUE_ROWS_SHOWN,
            rich_text=i18n.rich_text,
            STATUS_STATE=STATUS_STATE,
        )

        # The HTML of a row's figures depends on its view and RowPage alone, so it is cached by these two.
        self.row_figures = lru_cache(maxsize=ROW_CACHE_SIZE)(self._render_row_figures)

    def compile(self) -> None:
        """Compile all templates, so that the first request does not wait for it."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def overview(self, page: Page, view: OverviewView) -> str:
        dated_programmes = view.dated_programmes
        assessments = assess_programmes(page, dated_programmes)
        overall = verdict.assess_overview([assessment.state for assessment in assessments.values()])
        programmes = verdict.by_urgency(dated_programmes, assessments)
        row_page, render_row = (
            RowPage(page, self._template_module),
            self._template_module("overview_row.html", page).programme,
        )
        figures = {
            programme.id: row_page.with_day(self.row_figures(row_page, IdentityKey(programme)))
            for programme in view.programmes
        }
        rows = [render_row(row, assessments[row.id], figures[row.id]) for row in programmes]
        return self._page(
            "overview.html",
            page,
            view=view,
            programmes=programmes,
            assessments=assessments,
            overall=overall,
            rows=rows,
        )

    def _render_row_figures(self, row_page: "RowPage", programme: "IdentityKey[ProgrammeView]") -> Markup:
        html: Markup = row_page.macros.figures(programme.value)
        return html

    def programmes(self, page: Page, view: OverviewView) -> str:
        return self._page(
            "programmes.html", page, view=view, assessments=assess_programmes(page, view.dated_programmes)
        )

    def programme(self, page: Page, view: ProgrammeView) -> str:
        assessment, sections = verdict.assess_programme(view, page.as_of), layout.programme_layout(view)
        return self._page("programme.html", page, view=view, assessment=assessment, sections=sections)

    def case(self, page: Page, view: CaseView) -> str:
        return self._page("case.html", page, view=view, assessment=verdict.assess_case(view, page.as_of))

    def cases(self, page: Page, view: CasesView) -> str:
        return self._page("cases.html", page, view=view)

    def lineage(self, page: Page, view: LineageView) -> str:
        return self._page("lineage.html", page, view=view)

    def error(self, page: Page, view: ErrorView) -> str:
        return self._page("error.html", page, view=view)

    def _page(self, template: str, page: Page, **context: object) -> str:
        return self.environment.get_template(template).render(**page_context(page), **context)

    def _template_module(self, template: str, page: Page, links: Links | None = None) -> Any:
        """Return the template's macros, in the context of a page."""
        return self.environment.get_template(template).make_module(page_context(page, links))


def assess_programmes(page: Page, programmes: Iterable[ProgrammeView]) -> dict[str, verdict.Assessment]:
    """Return the assessment of each programme by its id."""
    return {programme.id: verdict.assess_programme(programme, page.as_of) for programme in programmes}


def page_context(page: Page, links: Links | None = None) -> dict[str, object]:
    """Return the variables of every template; `links` default to the page's own."""
    links = links or Links(page)
    t, localize = i18n.translator(page.lang), Localizer(page.lang)
    return {"page": page, "links": links, "t": t, "localize": localize, "show": FigureHtml(links, t)}


class RowPage:
    """Page in which the figures of overview rows are rendered, equal for all days of a year.

    Their links hold a placeholder for the day; today's page is apart, as its links name no day.
    """

    def __init__(self, page: Page, template_module: Callable[[str, Page, Links], Any]) -> None:
        self.page, self.template_module = (
            replace(page, path="/", query={}, last_event_at=None),
            template_module,
        )
        self.identity = (page.lang, page.unit, page.as_of.year, page.as_of == page.today)

    @cached_property
    def macros(self) -> Any:
        """The macros of a row, with links to the placeholder day."""
        is_today = self.page.as_of == self.page.today
        page = self.page if is_today else replace(self.page, as_of=DAY_PLACEHOLDER)
        return self.template_module("overview_row.html", self.page, Links(page))

    def with_day(self, html: Markup) -> Markup:
        """Replace the placeholder by the page's day."""
        return Markup(html.replace(str(DAY_PLACEHOLDER), str(self.page.as_of)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowPage) and other.identity == self.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formatting of values in the page's language, for templates."""

    lang: Lang

    def text(self, text: Text) -> str:
        return text.in_(self.lang)

    def assessment(self, assessment: verdict.Assessment, *, short: bool = False) -> str:
        return i18n.assessment_text(assessment, self.lang, short=short)

    def event_title(self, entry: TimelineEntry) -> str:
        return i18n.event_title(entry, self.lang)

    def event_detail(self, entry: TimelineEntry) -> str:
        return i18n.event_detail(entry, self.lang)

    def exact_won(self, value: int | None) -> str:
        return fmt.exact_won(value, self.lang)

    def full_date(self, day: date | None) -> str:
        return fmt.full_date(day, self.lang)

    def percent(self, part: Figure, whole: Figure, digits: int = 0) -> str:
        return fmt.percent(part.value, whole.value, digits)
