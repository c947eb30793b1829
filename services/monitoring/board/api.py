"""HTTP: the board's pages and their live stream; the address holds everything that decides what a page shows."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sse_starlette import EventSourceResponse

from services.monitoring.board import pages
from services.monitoring.board.frame import PageRequest
from services.monitoring.board.parts.case_view import CaseFilter
from services.monitoring.board.parts.render import Renderer
from services.monitoring.board.stream import change_stream
from services.monitoring.projections.case_states import CaseStatus
from shared.errors import NotFound
from shared.web.ui.errors import PageRoute
from shared.web.ui.page import Page
from shared.web.ui.page_cache import PageCache, page_key
from shared.web.ui.responses import PageResponse
from shared.web.viewer import Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False)
stream = APIRouter(include_in_schema=False)

View = TypeVar("View")


def renderer_of(request: Request) -> Renderer:
    renderer: Renderer = request.app.state.renderer
    return renderer


async def cached_response(
    request: Request,
    page_request: PageRequest,
    render: Callable[[Page, View], str],
    read: Callable[[], Awaitable[View]],
) -> PageResponse:
    """Return the page, read and rendered only where it is not cached for this address, viewer, day and position."""

    async def render_page() -> bytes:
        return render(page_request.page, await read()).encode()

    cache: PageCache = request.app.state.page_cache
    key = page_key(request, page_request.page, page_request.snapshot.position)
    return PageResponse(await cache.get_or_render(key, render_page))


@router.get("/")
async def overview(request: Request, page_request: PageRequest) -> PageResponse:
    return await cached_response(
        request, page_request, renderer_of(request).overview, partial(pages.overview, page_request.snapshot)
    )


@router.get("/programmes")
async def programmes(request: Request, page_request: PageRequest) -> PageResponse:
    return await cached_response(
        request,
        page_request,
        renderer_of(request).programmes,
        partial(pages.programmes, page_request.snapshot),
    )


@router.get("/programmes/{programme_id}")
async def programme(programme_id: str, request: Request, page_request: PageRequest) -> PageResponse:
    read = partial(pages.programme, page_request.snapshot, programme_id)
    return await cached_response(request, page_request, renderer_of(request).programme, read)


async def filter_from_query(
    *,
    programme: str = "",
    year: Annotated[str, Query(pattern=r"^(\d{4})?$")] = "",
    status: CaseStatus | Literal[""] = "",
    track: str = "",
    q: Annotated[str, Query(max_length=60)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> CaseFilter:
    """Return the filter of the list; an empty field of the form filters nothing."""
    return CaseFilter(
        programme or None, int(year) if year else None, status or None, track or None, q.strip(), page
    )


@router.get("/cases")
async def cases(
    request: Request,
    page_request: PageRequest,
    case_filter: Annotated[CaseFilter, Depends(filter_from_query)],
) -> PageResponse:
    return PageResponse(
        renderer_of(request).cases(page_request.page, await pages.cases(page_request.snapshot, case_filter))
    )


@router.get("/cases/{case_id}")
async def case(case_id: UUID, request: Request, page_request: PageRequest) -> PageResponse:
    return await cached_response(
        request, page_request, renderer_of(request).case, partial(pages.case, page_request.snapshot, case_id)
    )


@router.get("/figures/{key}")
async def lineage(
    key: str, request: Request, page_request: PageRequest, event: str | None = None
) -> PageResponse:
    """Show the lineage of a figure; its key is `<programme>.<path in /api/figures/<programme>>`."""
    programme_id, dot, path = key.partition(".")
    if not dot:
        raise NotFound(
            "figure_unknown",
            ko=f"{key}은(는) 없는 숫자입니다. 화면의 숫자를 눌러 여세요.",
            en=f"There is no figure {key}. Open it from a page.",
        )
    return PageResponse(
        renderer_of(request).lineage(
            page_request.page, await pages.lineage(page_request.snapshot, programme_id, path, event)
        )
    )


@stream.get("/stream")
async def live(request: Request, viewer: Viewer) -> EventSourceResponse:
    """Send `changed` after each change of the projections; holds no transaction open."""
    return EventSourceResponse(change_stream(request.app).events())
