"""Context of a page request: the snapshot to read from, and the frame of the page, read from its address."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from services.monitoring.board import queries
from services.monitoring.board.pages import BoardSnapshot
from shared.values.clock import pinned, today
from shared.web.http import RequestSnapshot
from shared.web.ui.frame import UNITS, LanguageParameter, UnitParameter, other_parameters, page_viewer
from shared.web.ui.page import Page
from shared.web.viewer import AsOf, Viewer, demo_operator


class PageContext(NamedTuple):
    """The snapshot that a requested page reads and the frame in which it is shown."""

    snapshot: BoardSnapshot
    page: Page


async def page_request(
    request: Request,
    transaction: RequestSnapshot,
    viewer: Viewer,
    as_of: AsOf,
    *,
    unit: UnitParameter = "1000000",
    lang: LanguageParameter = "ko",
) -> PageContext:
    """Read the context in one dependency: FastAPI resolves what two dependencies share twice, on every request."""
    snapshot = BoardSnapshot(transaction, as_of, today(), await queries.projection_position(transaction))
    page = Page(
        path=request.url.path,
        lang=lang,
        unit=UNITS[unit],
        as_of=snapshot.as_of,
        today=snapshot.today,
        clock_pinned=pinned() is not None,
        viewer=page_viewer(viewer, is_demo=demo_operator(request) == viewer),
        query=other_parameters(request),
        last_event_at=snapshot.position.last_event_at,
    )
    return PageContext(snapshot, page)


PageRequest = Annotated[PageContext, Depends(page_request)]
