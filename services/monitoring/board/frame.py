"""What every page of the board is framed in, read from its address: date, unit, language, who looks."""

from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, Query, Request

from services.monitoring.board import queries
from services.monitoring.board.pages import Moment
from services.monitoring.board.parts.links import DEFAULT_UNIT
from services.monitoring.board.parts.values import Lang, Text, Unit
from services.monitoring.board.parts.views import Operator, Page
from shared.values.calendar import pinned, today
from shared.web.http import Snapshot
from shared.web.identity import Actor
from shared.web.viewer import AsOf, Viewer, demo_operator

ROLES = {
    "operator": Text("운영자", "Operator"),
    "officer": Text("담당자(기안)", "Officer"),
    "auditor": Text("감사 담당자", "Auditor"),
}
OWN = ("as_of", "unit", "lang")
UNITS: dict[str, Unit] = {"1": 1, "1000": 1_000, "1000000": 1_000_000}

Units = Annotated[Literal["1", "1000", "1000000"], Query()]
Languages = Annotated[Lang, Query()]


class Wanted(NamedTuple):
    """A page that is asked for: of which moment, in which frame."""

    at: Moment
    frame: Page


async def wanted(
    request: Request,
    session: Snapshot,
    viewer: Viewer,
    as_of: AsOf,
    *,
    unit: Units = "1000000",
    lang: Languages = "ko",
) -> Wanted:
    """All at once: what two dependencies share FastAPI walks twice, and every page waits for it."""
    at = Moment(session, as_of, today(), await queries.folded(session))
    frame = Page(
        path=request.url.path,
        lang=lang,
        unit=UNITS[unit],
        as_of=at.on,
        today=at.today,
        clock_pinned=pinned() is not None,
        operator=operator(viewer, is_demo=demo_operator(request) == viewer),
        query={name: value for name, value in request.query_params.items() if name not in OWN},
        last_event_at=at.folded.newest_at,
    )
    return Wanted(at, frame)


Asked = Annotated[Wanted, Depends(wanted)]


def operator(actor: Actor, is_demo: bool) -> Operator:
    role = next((name for name in ROLES if actor.has(name)), "operator")
    return Operator(actor.id, ROLES[role], is_demo)


def bare(request: Request) -> Page:
    """The frame of a refusal: whatever was wrong with the address, this can be shown."""
    given = request.query_params
    lang: Lang = "en" if given.get("lang") == "en" else "ko"
    demo = demo_operator(request)
    return Page(
        path=request.url.path,
        lang=lang,
        unit=UNITS.get(given.get("unit", ""), DEFAULT_UNIT),
        as_of=today(),
        today=today(),
        clock_pinned=pinned() is not None,
        operator=operator(demo, is_demo=True) if demo else Operator("–", Text("확인 전", "Not identified")),
        stream=None,
    )
