"""Rendering of the board's views to HTML. No database, no web framework."""

from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from services.monitoring.board.parts import headline, i18n, layout, view_charts
from services.monitoring.board.parts.case_assessment import assess_case
from services.monitoring.board.parts.case_view import STATUS_STATE, CasesView, CaseView, TimelineEntry
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.views import OverviewView
from services.monitoring.figures import words
from services.monitoring.figures.assessment import (
    Assessment,
    assess_overview,
    assess_programme,
    by_urgency,
    indicator_state,
)
from services.monitoring.figures.programme import ProgrammeView
from services.monitoring.texts import TEXTS
from shared.web.ui import links as ui_links
from shared.web.ui.page import Page
from shared.web.ui.render import Assets, Localizer, PageRenderer, Site

BOARD = Path(__file__).resolve().parent.parent

NAVIGATION = {"overview": "/", "programmes": "/programmes", "cases": "/cases"}
TEXT_FAMILIES = {"nav": NAVIGATION}
SITE = Site(
    templates=BOARD / "templates",
    texts=TEXTS,
    navigation=tuple(NAVIGATION.items()),
    style_sheets=("board.css",),
)


class Renderer(PageRenderer):
    """Renderer of the board's pages; thread-safe, one a process."""

    def __init__(self, assets: Assets | None = None) -> None:
        super().__init__(
            SITE,
            assets,
            view_charts=view_charts,
            headline=headline,
            DUE_ROWS_SHOWN=layout.DUE_ROWS_SHOWN,
            STATUS_STATE=STATUS_STATE,
            indicator_state=indicator_state,
        )

    def page_context(self, page: Page, links: ui_links.Links | None = None) -> dict[str, object]:
        context = super().page_context(page, links or Links(page))
        return context | {"localize": BoardLocalizer(page.lang, self.texts.translator(page.lang))}

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


def assess_programmes(page: Page, programmes: Iterable[ProgrammeView]) -> dict[str, Assessment]:
    """Return the assessment of each programme by its id."""
    return {programme.id: assess_programme(programme, page.as_of) for programme in programmes}


class BoardLocalizer(Localizer):
    """Formatting of assessments and events besides."""

    __slots__ = ()

    def assessment(self, assessment: Assessment, *, short: bool = False) -> Markup:
        return words.assessment_text(assessment, self.lang, short=short)

    def event_title(self, entry: TimelineEntry) -> Markup:
        return i18n.event_title(entry, self.lang)

    def event_detail(self, entry: TimelineEntry) -> Markup:
        return i18n.event_detail(entry, self.lang)
