"""Frame of a requested page, read from its address: unit, language, viewer."""

from typing import Annotated, Literal

from fastapi import Query, Request

from shared.values.clock import pinned, today
from shared.web.identity import Actor
from shared.web.ui.links import DEFAULT_UNIT
from shared.web.ui.page import Page, PageViewer
from shared.web.ui.values import Lang, Unit
from shared.web.viewer import ROLES, demo_operator

CONTEXT_PARAMETERS = ("as_of", "unit", "lang")
UNITS: dict[str, Unit] = {"1": 1, "1000": 1_000, "1000000": 1_000_000}
TEXT_FAMILIES = {"viewer": ROLES}
VIEWER_NOT_IDENTIFIED = PageViewer("–", "viewer.not_identified")

UnitParameter = Annotated[Literal["1", "1000", "1000000"], Query()]
LanguageParameter = Annotated[Lang, Query()]


def other_parameters(request: Request) -> dict[str, str]:
    """Return the parameters of the address that belong to the page alone: a filter, a page number."""
    return {name: value for name, value in request.query_params.items() if name not in CONTEXT_PARAMETERS}


def page_viewer(actor: Actor, is_demo: bool) -> PageViewer:
    role = next((name for name in ROLES if actor.has(name)), "operator")
    return PageViewer(actor.id, f"viewer.{role}", is_demo)


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
        viewer=page_viewer(demo, is_demo=True) if demo else VIEWER_NOT_IDENTIFIED,
        stream=None,
    )
