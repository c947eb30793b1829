"""Set-up of the board in its app: renderer, page cache, error pages and static files."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.monitoring.board.kept import PageCache
from services.monitoring.board.parts.render import BOARD, Renderer
from services.monitoring.board.refusals import page_not_found
from shared.config import Settings

STATIC_FOLDER = BOARD / "static"
CACHE_FOR_A_YEAR = "public, max-age=31536000, immutable"  # names of built files change with their content


class ImmutableFiles(StaticFiles):
    """Static files that browsers may cache for good."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = CACHE_FOR_A_YEAR
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def configure_app(app: FastAPI, settings: Settings) -> None:
    """Add the board to the app; static files only where they were built, pages are readable without them."""
    app.state.renderer = compiled_renderer()
    app.state.page_cache = PageCache()
    app.add_exception_handler(HTTPException, page_not_found)
    mount_static_files(app, STATIC_FOLDER)


@cache
def compiled_renderer() -> Renderer:
    """Return the process's renderer, with compiled templates, so that no request waits for that."""
    renderer = Renderer()
    renderer.compile()
    return renderer


def mount_static_files(app: FastAPI, folder: Path) -> None:
    """Serve the folder under /static, where it exists."""
    if folder.is_dir():
        app.mount("/static", ImmutableFiles(directory=folder), name="static")
