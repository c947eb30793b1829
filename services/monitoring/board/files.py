"""The board's built files, kept by browsers for good: their names change with their content."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.monitoring.board.kept import Kept
from services.monitoring.board.parts.render import BOARD, Pages
from services.monitoring.board.refusals import no_such_page
from shared.config import Settings

FOLDER = BOARD / "static"
A_YEAR = "public, max-age=31536000, immutable"


class BuiltFiles(StaticFiles):
    def file_response(self, *given: Any, **options: Any) -> Response:
        response = super().file_response(*given, **options)
        response.headers["Cache-Control"] = A_YEAR
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def prepare(app: FastAPI, settings: Settings) -> None:
    """Files are there where they were built, and pages read without them."""
    app.state.pages = pages()
    app.state.kept = Kept()
    app.add_exception_handler(HTTPException, no_such_page)
    serve(app, FOLDER)


@cache
def pages() -> Pages:
    """Once a process, and ready: the first reader of each kind of page would wait a third of a second for its templates."""
    made = Pages()
    made.compile()
    return made


def serve(app: FastAPI, folder: Path) -> None:
    if folder.is_dir():
        app.mount("/static", BuiltFiles(directory=folder), name="static")
