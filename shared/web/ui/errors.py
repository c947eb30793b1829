"""Error pages: the rule in plain words and what to do, never a stack trace or a mere code."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from shared.database.engine import is_transient
from shared.errors import BusinessError
from shared.observability.logs import correlation
from shared.web.http import TransactionRoute
from shared.web.problems import STATUS, field_error, http_error
from shared.web.ui.frame import error_page
from shared.web.ui.page import ErrorView
from shared.web.ui.render import PageRenderer
from shared.web.ui.responses import PageResponse
from shared.web.ui.values import Text

log = structlog.get_logger()


class PageRoute(TransactionRoute):
    """Route with one transaction a page; refusals, invalid input and an unavailable database get error pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        respond = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await respond(request)
            except BusinessError as error:
                status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
                log.info("page.refused", rule=error.rule, status=status)
                return error_response(request, status, Text(error.ko, error.en))
            except RequestValidationError as error:
                first = field_error(error.errors()[0])
                reason = Text(f"{first['field']}: {first['ko']}", f"{first['field']}: {first['en']}")
                return error_response(request, 422, reason)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("page.database_away", reason=repr(error))
                return error_response(request, 503, renderer_of(request).text("error.database_away"))

        return handle


async def page_not_found(request: Request, error: Exception) -> Response:
    """Answer an unknown address: an error page for browsers, a problem document for other clients."""
    is_unknown = isinstance(error, HTTPException) and error.status_code == 404
    if not is_unknown or "text/html" not in request.headers.get("accept", ""):
        return await http_error(request, error)
    return error_response(request, 404, renderer_of(request).text("error.page_not_found"))


def error_response(request: Request, status: int, reason: Text) -> PageResponse:
    """Return the error page with the reason, what to do about it, and the correlation id."""
    view = ErrorView(status, reason, correlation().get("correlationid"))
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return PageResponse(renderer_of(request).error(error_page(request), view), status, headers)


def renderer_of(request: Request) -> PageRenderer:
    """Return the renderer that `files.set_up_pages` gave to the app."""
    renderer: PageRenderer = request.app.state.renderer
    return renderer
