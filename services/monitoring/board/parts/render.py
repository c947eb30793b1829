"""Rendering of views to HTML. No database, no web framework."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context, Macro

from services.monitoring.board.parts import charts, drawings, headline, i18n, layout
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.case_assessment import assess_case
from services.monitoring.board.parts.case_view import STATUS_STATE, CasesView, CaseView, TimelineEntry
from services.monitoring.board.parts.figure_html import FigureHtml
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.board.parts.views import ErrorView, OverviewView, Page
from services.monitoring.figures.assessment import (
    Assessment,
    assess_overview,
    assess_programme,
    by_urgency,
    indicator_state,
)
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.programme import ProgrammeView

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
            indicator_state=indicator_state,
        )

    def compile(self) -> None:
        """Compile all templates, so that the first request does not wait for it."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def overview(self, page: Page, view: OverviewView) -> str:
        dated_programmes = view.dated_programmes
        assessments = assess_programmes(page, dated_programmes)
        overall = assess_overview([assessment.state for assessment in assessments.values()])
        programmes = by_urgency(dated_programmes, assessments)
        return self._page(
            "overview.html", page, view=view, programmes=programmes, assessments=assessments, overall=overall
        )

    def programmes(self, page: Page, view: OverviewView) -> str:
        return self._page(
            "programmes.html", page, view=view, assessments=assess_programmes(page, view.dated_programmes)
        )

    def programme(self, page: Page, view: ProgrammeView) -> str:
        assessment, sections = assess_programme(view, page.as_of), layout.programme_layout(view)
        return self._page("programme.html", page, view=view, assessment=assessment, sections=sections)

    def case(self, page: Page, view: CaseView) -> str:
        return self._page("case.html", page, view=view, assessment=assess_case(view, page.as_of))

    def cases(self, page: Page, view: CasesView) -> str:
        return self._page("cases.html", page, view=view)

    def lineage(self, page: Page, view: LineageView) -> str:
        return self._page("lineage.html", page, view=view)

    def error(self, page: Page, view: ErrorView) -> str:
        return self._page("error.html", page, view=view)

    def _page(self, template: str, page: Page, **context: object) -> str:
        return self.environment.get_template(template).render(**page_context(page), **context)


def assess_programmes(page: Page, programmes: Iterable[ProgrammeView]) -> dict[str, Assessment]:
    """Return the assessment of each programme by its id."""
    return {programme.id: assess_programme(programme, page.as_of) for programme in programmes}


def page_context(page: Page) -> dict[str, object]:
    """Return the variables of every template."""
    links, t, localize = Links(page), i18n.translator(page.lang), Localizer(page.lang)
    return {"page": page, "links": links, "t": t, "localize": localize, "show": FigureHtml(links, t)}


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formatting of values in the page's language, for templates."""

    lang: Lang

    def text(self, text: Text) -> str:
        return text.in_(self.lang)

    def assessment(self, assessment: Assessment, *, short: bool = False) -> str:
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
