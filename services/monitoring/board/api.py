"""HTTP: the board's pages and their live stream. Everything that a page shows stands in its address."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sse_starlette import EventSourceResponse

from services.monitoring.board import pages
from services.monitoring.board.answers import Html
from services.monitoring.board.frame import At, Frame
from services.monitoring.board.kept import Kept
from services.monitoring.board.parts.case_view import CaseStatus, Filter
from services.monitoring.board.parts.render import Pages
from services.monitoring.board.parts.views import Page
from services.monitoring.board.refusals import BoardRoute
from services.monitoring.board.stream import changes
from services.monitoring.reading import Viewer
from shared.errors import NotFound

router = APIRouter(route_class=BoardRoute, include_in_schema=False)
stream = APIRouter(include_in_schema=False)

View = TypeVar("View")


def templates(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


async def drawn(
    request: Request,
    at: At,
    frame: Frame,
    draw: Callable[[Page, View], str],
    read: Callable[[], Awaitable[View]],
) -> Html:
    """The page, read and drawn anew only where something that it depends on differs."""

    async def anew() -> str:
        return draw(frame, await read())

    kept: Kept = request.app.state.kept
    address = (request.url.path, request.url.query)
    return Html(await kept.page((address, frame.operator, frame.today, at.folded), anew))


@router.get("/")
async def overview(request: Request, at: At, frame: Frame) -> Html:
    return await drawn(request, at, frame, templates(request).overview, partial(pages.overview, at))


@router.get("/programmes")
async def programmes(request: Request, at: At, frame: Frame) -> Html:
    return await drawn(request, at, frame, templates(request).programmes, partial(pages.programmes, at))


@router.get("/programmes/{programme_id}")
async def programme(programme_id: str, request: Request, at: At, frame: Frame) -> Html:
    read = partial(pages.programme, at, programme_id)
    return await drawn(request, at, frame, templates(request).programme, read)


async def asked_for(
    *,
    programme: str = "",
    year: Annotated[str, Query(pattern=r"^(\d{4})?$")] = "",
    status: CaseStatus | Literal[""] = "",
    track: str = "",
    q: Annotated[str, Query(max_length=60)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Filter:
    """An empty field of the form filters nothing."""
    return Filter(
        programme or None, int(year) if year else None, status or None, track or None, q.strip(), page
    )


@router.get("/cases")
async def cases(request: Request, at: At, frame: Frame, asked: Annotated[Filter, Depends(asked_for)]) -> Html:
    return Html(templates(request).cases(frame, await pages.cases(at, asked)))


@router.get("/cases/{case_id}")
async def case(case_id: UUID, request: Request, at: At, frame: Frame) -> Html:
    return await drawn(request, at, frame, templates(request).case, partial(pages.case, at, case_id))


@router.get("/figures/{key}")
async def lineage(key: str, request: Request, at: At, frame: Frame, event: str | None = None) -> Html:
    """Where a figure comes from; its key is `<programme>.<path in /api/figures/<programme>>`."""
    programme_id, dot, path = key.partition(".")
    if not dot:
        raise NotFound(
            "figure_unknown",
            ko=f"{key}은(는) 없는 숫자입니다. 화면의 숫자를 눌러 여세요.",
            en=f"There is no figure {key}. Open it from a page.",
        )
    return Html(templates(request).lineage(frame, await pages.lineage(at, programme_id, path, event)))


@stream.get("/stream")
async def live(request: Request, viewer: Viewer) -> EventSourceResponse:
    """`changed` each time that something was folded; holds no transaction open."""
    return EventSourceResponse(changes(request.app).of_page())
