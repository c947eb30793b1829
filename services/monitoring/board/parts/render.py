"""Views to HTML: the one way in for the pages' handlers. No database, no web framework."""

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

ROWS_KEPT = 1_000
ANY_DAY = date.max  # stands for a page's day where a text is drawn once for many days
BOARD = Path(__file__).resolve().parent.parent

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Assets:
    """The built files by the name of their source; empty where nothing was built, and pages read without."""

    files: Mapping[str, str] = field(default_factory=dict)
    base: str = "/static/"

    def url(self, name: str) -> str | None:
        """The address of a built file, or None where it was not built."""
        return self.base + self.files[name] if name in self.files else None


def built_assets(static: Path = BOARD / "static") -> Assets:
    """What `python -m tools.assets` left."""
    manifest = static / "manifest.json"
    return Assets(json.loads(manifest.read_text())) if manifest.is_file() else Assets()


class Plain(Context):
    """Calls what a template calls as it is.

    Jinja asks each time whether its context is wanted; of what templates are given only macros want it.
    """

    def call(
        self,
        called: Callable[..., Any],
        /,
        *args: Any,
        _loop_vars: Any = None,
        _block_vars: Any = None,
        **named: Any,
    ) -> Any:
        return super().call(called, *args, **named) if type(called) is Macro else called(*args, **named)


class Templates(Environment):
    context_class = Plain


class Pages:
    """The board's pages; thread-safe, made once."""

    def __init__(self, assets: Assets | None = None) -> None:
        self.environment = Templates(
            loader=FileSystemLoader(BOARD / "templates"),
            auto_reload=False,  # or each page asks the disk about each of its templates
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
            MOST_DUE=layout.MOST_DUE,
            verdict=verdict,
            rich=i18n.rich,
            STATUS_STATE=STATUS_STATE,
        )

        # What a row shows is a text of its view: who asks for the same one gets the same text.
        self.figures = lru_cache(maxsize=ROWS_KEPT)(self._figures)

    def compile(self) -> None:
        """All templates, before anybody asks for one."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def overview(self, page: Page, view: OverviewView) -> str:
        dated = view.dated
        verdicts = verdicts_of(page, dated)
        whole = verdict.of_overview([found.state for found in verdicts.values()])
        programmes = verdict.by_risk(dated, verdicts)
        frame, row = Framed(page, self._module), self._module("overview_row.html", page).programme
        figures = {one.id: frame.of_its_day(self.figures(frame, IdentityKey(one))) for one in view.programmes}
        rows = [row(one, verdicts[one.id], figures[one.id]) for one in programmes]
        return self._page(
            "overview.html", page, view=view, programmes=programmes, verdicts=verdicts, whole=whole, rows=rows
        )

    def _figures(self, frame: "Framed", programme: "IdentityKey[ProgrammeView]") -> Markup:
        drawn: Markup = frame.rows.figures(programme.it)
        return drawn

    def programmes(self, page: Page, view: OverviewView) -> str:
        return self._page("programmes.html", page, view=view, verdicts=verdicts_of(page, view.dated))

    def programme(self, page: Page, view: ProgrammeView) -> str:
        found = verdict.of_programme(view, page.as_of)
        return self._page("programme.html", page, view=view, found=found, sections=layout.of_programme(view))

    def case(self, page: Page, view: CaseView) -> str:
        return self._page("case.html", page, view=view, found=verdict.of_case(view, page.as_of))

    def cases(self, page: Page, view: CasesView) -> str:
        return self._page("cases.html", page, view=view)

    def lineage(self, page: Page, view: LineageView) -> str:
        return self._page("lineage.html", page, view=view)

    def error(self, page: Page, view: ErrorView) -> str:
        return self._page("error.html", page, view=view)

    def _page(self, template: str, page: Page, **context: object) -> str:
        return self.environment.get_template(template).render(**framing(page), **context)

    def _module(self, template: str, page: Page, links: Links | None = None) -> Any:
        """The template's macros, with what a page has."""
        return self.environment.get_template(template).make_module(framing(page, links))


def verdicts_of(page: Page, programmes: Iterable[ProgrammeView]) -> dict[str, verdict.Verdict]:
    return {one.id: verdict.of_programme(one, page.as_of) for one in programmes}


def framing(page: Page, links: Links | None = None) -> dict[str, object]:
    """What every template is given; `links` are the page's own where none are named."""
    links = links or Links(page)
    words, says = i18n.words(page.lang), Says(page.lang, page.as_of)
    return {"page": page, "links": links, "t": words, "say": says, "show": FigureHtml(links, words)}


class Framed:
    """The frame of a row's figures, equal to that of another day of the year: their links leave open which day.

    Links of today's page name no day.
    """

    def __init__(self, page: Page, module: Callable[[str, Page, Links], Any]) -> None:
        self.page, self.module = replace(page, path="/", query={}, last_event_at=None), module
        self.seen = (page.lang, page.unit, page.as_of.year, page.as_of == page.today)

    @cached_property
    def rows(self) -> Any:
        """The macros that draw them."""
        is_today = self.page.as_of == self.page.today
        page = self.page if is_today else replace(self.page, as_of=ANY_DAY)
        return self.module("overview_row.html", self.page, Links(page))

    def of_its_day(self, drawn: Markup) -> Markup:
        return Markup(drawn.replace(str(ANY_DAY), str(self.page.as_of)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Framed) and other.seen == self.seen

    def __hash__(self) -> int:
        return hash(self.seen)


@dataclass(frozen=True, slots=True)
class Says:
    """What a template asks in the page's language."""

    lang: Lang
    as_of: date

    def name(self, text: Text) -> str:
        return text.in_(self.lang)

    def verdict(self, found: verdict.Verdict, *, short: bool = False) -> str:
        return i18n.verdict(found, self.lang, short=short)

    def event(self, entry: TimelineEntry) -> str:
        return i18n.event_title(entry, self.lang)

    def detail(self, entry: TimelineEntry) -> str:
        return i18n.event_detail(entry, self.lang)

    def exact(self, value: int | None) -> str:
        return fmt.exact_won(value, self.lang)

    def day(self, day: date | None) -> str:
        return fmt.full_date(day, self.lang)

    def percent_of(self, part: Figure, whole: Figure, digits: int = 0) -> str:
        return fmt.percent(part.value, whole.value, digits)
