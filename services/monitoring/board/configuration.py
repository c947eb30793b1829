"""Set-up of the board in its app."""

from functools import cache

from fastapi import FastAPI

from services.monitoring.board.parts.render import Renderer
from shared.config import Settings
from shared.web.ui.files import set_up_pages


def configure_app(app: FastAPI, settings: Settings) -> None:
    set_up_pages(app, compiled_renderer())


@cache
def compiled_renderer() -> Renderer:
    """Return the process's renderer, with compiled templates, so that no request waits for that."""
    renderer = Renderer()
    renderer.compile()
    return renderer
