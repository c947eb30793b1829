"""Set-up of pages in an app: renderer, page cache, error pages and static files."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from shared.web.ui.errors import page_not_found
from shared.web.ui.page_cache import PageCache
from shared.web.ui.render import STATIC_FOLDER, PageRenderer

CACHE_FOR_A_YEAR = "public, max-age=31536000, immutable"  # names of built files change with their content


class ImmutableFiles(StaticFiles):
    """Static files that browsers may cache for good."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = CACHE_FOR_A_YEAR
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def set_up_pages(app: FastAPI, renderer: PageRenderer) -> None:
    """Add pages to the app; static files only where they were built, pages are readable without them."""
    app.state.renderer = renderer
    app.state.page_cache = PageCache()
    app.add_exception_handler(HTTPException, page_not_found)
    mount_static_files(app, STATIC_FOLDER)


def mount_static_files(app: FastAPI, folder: Path) -> None:
    """Serve the folder under /static, where it exists."""
    if folder.is_dir():
        app.mount("/static", ImmutableFiles(directory=folder), name="static")
