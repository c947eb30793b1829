"""HTTP: the board's pages and their live stream. Everything that a page shows stands in its address."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sse_starlette import EventSourceResponse

from services.monitoring.board import pages
from services.monitoring.board.answers import Html
from services.monitoring.board.frame import Asked
from services.monitoring.board.kept import Kept
from services.monitoring.board.parts.case_view import CaseStatus, Filter
from services.monitoring.board.parts.render import Pages
from services.monitoring.board.parts.views import Page
from services.monitoring.board.refusals import BoardRoute
from services.monitoring.board.stream import changes
from shared.errors import NotFound
from shared.web.viewer import Viewer

router = APIRouter(route_class=BoardRoute, include_in_schema=False)
stream = APIRouter(include_in_schema=False)

View = TypeVar("View")


def templates(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


async def drawn(
    request: Request, asked: Asked, draw: Callable[[Page, View], str], read: Callable[[], Awaitable[View]]
) -> Html:
    """The page, read and drawn anew only where something that it depends on differs."""

    async def anew() -> bytes:
        return draw(asked.frame, await read()).encode()

    kept: Kept = request.app.state.kept
    key = (request.url.path, request.url.query, asked.frame.operator, asked.frame.today, asked.at.folded)
    return Html(await kept.page(key, anew))


@router.get("/")
async def overview(request: Request, asked: Asked) -> Html:
    return await drawn(request, asked, templates(request).overview, partial(pages.overview, asked.at))


@router.get("/programmes")
async def programmes(request: Request, asked: Asked) -> Html:
    return await drawn(request, asked, templates(request).programmes, partial(pages.programmes, asked.at))


@router.get("/programmes/{programme_id}")
async def programme(programme_id: str, request: Request, asked: Asked) -> Html:
    read = partial(pages.programme, asked.at, programme_id)
    return await drawn(request, asked, templates(request).programme, read)


async def filter_of(
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
async def cases(request: Request, asked: Asked, only: Annotated[Filter, Depends(filter_of)]) -> Html:
    return Html(templates(request).cases(asked.frame, await pages.cases(asked.at, only)))


@router.get("/cases/{case_id}")
async def case(case_id: UUID, request: Request, asked: Asked) -> Html:
    return await drawn(request, asked, templates(request).case, partial(pages.case, asked.at, case_id))


@router.get("/figures/{key}")
async def lineage(key: str, request: Request, asked: Asked, event: str | None = None) -> Html:
    """Where a figure comes from; its key is `<programme>.<path in /api/figures/<programme>>`."""
    programme_id, dot, path = key.partition(".")
    if not dot:
        raise NotFound(
            "figure_unknown",
            ko=f"{key}은(는) 없는 숫자입니다. 화면의 숫자를 눌러 여세요.",
            en=f"There is no figure {key}. Open it from a page.",
        )
    return Html(
        templates(request).lineage(asked.frame, await pages.lineage(asked.at, programme_id, path, event))
    )


@stream.get("/stream")
async def live(request: Request, viewer: Viewer) -> EventSourceResponse:
    """`changed` each time that something was folded; holds no transaction open."""
    return EventSourceResponse(changes(request.app).of_page())
