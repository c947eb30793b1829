"""Error pages: the rule in plain words and what to do, never a stack trace or a mere code."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from services.monitoring.board.answers import PageResponse
from services.monitoring.board.frame import error_page
from services.monitoring.board.parts.render import Renderer
from services.monitoring.board.parts.values import Text
from services.monitoring.board.parts.views import ErrorView
from shared.database.engine import is_transient
from shared.errors import BusinessError
from shared.observability.logs import correlation
from shared.web.http import TransactionRoute
from shared.web.problems import STATUS, TITLES, field_error, http_error

log = structlog.get_logger()

TITLES_EN = {
    401: "Not identified",
    403: "Not allowed",
    404: "Not found",
    409: "Against a rule",
    422: "Wrong input",
    503: "Not now",
}
REMEDIES = {
    401: Text("다시 로그인하세요.", "Log in again."),
    403: Text("권한이 있는 담당자에게 요청하세요.", "Ask somebody who may."),
    404: Text("목록에서 다시 고르세요.", "Pick it from the list again."),
    503: Text(
        "잠시 뒤 다시 여세요. 계속되면 운영자에게 알리세요.",
        "Open it again in a moment, or tell the operator.",
    ),
}
PAGE_NOT_FOUND = Text("이 주소에는 화면이 없습니다.", "There is no page at this address.")
DATABASE_UNAVAILABLE = Text(
    "데이터베이스가 답하지 않아 읽지 못했습니다. 기록은 그대로 있습니다.",
    "The database does not answer, so nothing could be read. What is recorded stays.",
)
DEFAULT_REMEDY = Text(
    "주소의 값을 고치거나 종합현황으로 돌아가세요.", "Correct the address, or go back to the overview."
)


class BoardRoute(TransactionRoute):
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
                return error_response(request, 503, DATABASE_UNAVAILABLE)

        return handle


async def page_not_found(request: Request, error: Exception) -> Response:
    """Answer an unknown address: an error page for browsers, a problem document for other clients."""
    is_unknown = isinstance(error, HTTPException) and error.status_code == 404
    if not is_unknown or "text/html" not in request.headers.get("accept", ""):
        return await http_error(request, error)
    return error_response(request, 404, PAGE_NOT_FOUND)


def error_response(request: Request, status: int, reason: Text) -> PageResponse:
    """Return the error page with the reason, what to do about it, and the correlation id."""
    title = Text(TITLES.get(status, "처리하지 못함"), TITLES_EN.get(status))
    view = ErrorView(
        status, title, reason, REMEDIES.get(status, DEFAULT_REMEDY), correlation().get("correlationid")
    )
    renderer: Renderer = request.app.state.renderer
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return PageResponse(renderer.error(error_page(request), view), status, headers)
