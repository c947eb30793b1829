"""Refusals as pages: the rule in plain words and what to do, never a stack or a bare code."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from services.monitoring.board.answers import Html
from services.monitoring.board.frame import bare
from services.monitoring.board.parts.render import Pages
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
TO_DO = {
    401: Text("다시 로그인하세요.", "Log in again."),
    403: Text("권한이 있는 담당자에게 요청하세요.", "Ask somebody who may."),
    404: Text("목록에서 다시 고르세요.", "Pick it from the list again."),
    503: Text(
        "잠시 뒤 다시 여세요. 계속되면 운영자에게 알리세요.",
        "Open it again in a moment, or tell the operator.",
    ),
}
NO_SUCH_PAGE = Text("이 주소에는 화면이 없습니다.", "There is no page at this address.")
AWAY = Text(
    "데이터베이스가 답하지 않아 읽지 못했습니다. 기록은 그대로 있습니다.",
    "The database does not answer, so nothing could be read. What is recorded stays.",
)
CORRECT = Text(
    "주소의 값을 고치거나 종합현황으로 돌아가세요.", "Correct the address, or go back to the overview."
)


class BoardRoute(TransactionRoute):
    """One transaction a page; a refusal, and a database that is away, answers with a page of its own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await answer(request)
            except BusinessError as error:
                status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
                log.info("page.refused", rule=error.rule, status=status)
                return refusal(request, status, Text(error.ko, error.en))
            except RequestValidationError as error:
                first = field_error(error.errors()[0])
                said = Text(f"{first['field']}: {first['ko']}", f"{first['field']}: {first['en']}")
                return refusal(request, 422, said)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("page.database_away", reason=repr(error))
                return refusal(request, 503, AWAY)

        return handle


async def no_such_page(request: Request, error: Exception) -> Response:
    """An address that nothing answers at: a page for who reads pages, a problem for who does not."""
    is_unknown = isinstance(error, HTTPException) and error.status_code == 404
    if not is_unknown or "text/html" not in request.headers.get("accept", ""):
        return await http_error(request, error)
    return refusal(request, 404, NO_SUCH_PAGE)


def refusal(request: Request, status: int, reason: Text) -> Html:
    title = Text(TITLES.get(status, "처리하지 못함"), TITLES_EN.get(status))
    view = ErrorView(status, title, reason, TO_DO.get(status, CORRECT), correlation().get("correlationid"))
    pages: Pages = request.app.state.pages
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return Html(pages.error(bare(request), view), status, headers)
