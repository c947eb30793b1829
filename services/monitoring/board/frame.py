"""Context of a page request, read from its address: date, unit, language, viewer."""

from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, Query, Request

from services.monitoring.board import queries
from services.monitoring.board.pages import BoardSnapshot
from services.monitoring.board.parts.links import DEFAULT_UNIT
from services.monitoring.board.parts.values import Lang, Text, Unit
from services.monitoring.board.parts.views import Page, PageViewer
from shared.values.clock import pinned, today
from shared.web.http import RequestSnapshot
from shared.web.identity import Actor
from shared.web.viewer import AsOf, Viewer, demo_operator

ROLES = {
    "operator": Text("운영자", "Operator"),
    "officer": Text("담당자(기안)", "Officer"),
    "auditor": Text("감사 담당자", "Auditor"),
}
CONTEXT_PARAMETERS = ("as_of", "unit", "lang")
UNITS: dict[str, Unit] = {"1": 1, "1000": 1_000, "1000000": 1_000_000}

UnitParameter = Annotated[Literal["1", "1000", "1000000"], Query()]
LanguageParameter = Annotated[Lang, Query()]


class PageContext(NamedTuple):
    """The snapshot that a requested page reads and the frame in which it is shown."""

    snapshot: BoardSnapshot
    page: Page


async def page_request(
    request: Request,
    session: RequestSnapshot,
    viewer: Viewer,
    as_of: AsOf,
    *,
    unit: UnitParameter = "1000000",
    lang: LanguageParameter = "ko",
) -> PageContext:
    """Read the context in one dependency: FastAPI resolves what two dependencies share twice, on every request."""
    snapshot = BoardSnapshot(session, as_of, today(), await queries.projection_position(session))
    page = Page(
        path=request.url.path,
        lang=lang,
        unit=UNITS[unit],
        as_of=snapshot.as_of,
        today=snapshot.today,
        clock_pinned=pinned() is not None,
        viewer=page_viewer(viewer, is_demo=demo_operator(request) == viewer),
        query={name: value for name, value in request.query_params.items() if name not in CONTEXT_PARAMETERS},
        last_event_at=snapshot.position.last_event_at,
    )
    return PageContext(snapshot, page)


PageRequest = Annotated[PageContext, Depends(page_request)]


def page_viewer(actor: Actor, is_demo: bool) -> PageViewer:
    role = next((name for name in ROLES if actor.has(name)), "operator")
    return PageViewer(actor.id, ROLES[role], is_demo)


def error_page(request: Request) -> Page:
    """Return the frame of an error page; invalid parameters of the address fall back to defaults."""
    query = request.query_params
    lang: Lang = "en" if query.get("lang") == "en" else "ko"
    demo = demo_operator(request)
    return Page(
        path=request.url.path,
        lang=lang,
        unit=UNITS.get(query.get("unit", ""), DEFAULT_UNIT),
        as_of=today(),
        today=today(),
        clock_pinned=pinned() is not None,
        viewer=page_viewer(demo, is_demo=True)
        if demo
        else PageViewer("–", Text("확인 전", "Not identified")),
        stream=None,
    )
