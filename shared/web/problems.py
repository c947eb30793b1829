"""Errors as application/problem+json (RFC 9457): broken rule, reason and what to do, in Korean and English."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from shared.database.engine import is_transient
from shared.errors import BusinessError, Forbidden, NotFound, PrerequisiteMissing, RuleBroken
from shared.observability.logs import correlation
from shared.web.idempotency import KeyReused
from shared.web.identity import Unauthenticated

log = structlog.get_logger()

STATUS: dict[type[BusinessError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    PrerequisiteMissing: 409,
    RuleBroken: 409,
    KeyReused: 422,
}
TITLES = {
    401: "확인되지 않은 사용자",
    403: "권한 없음",
    404: "없음",
    409: "규칙에 맞지 않음",
    413: "너무 큼",
    422: "잘못된 입력",
    503: "잠시 처리할 수 없음",
}
KOREAN_MESSAGES = {
    "missing": "꼭 있어야 합니다",
    "extra_forbidden": "모르는 항목입니다. 빼고 보내세요",
    "int_type": "정수로 적으세요",
    "int_parsing": "정수로 적으세요",
    "greater_than_equal": "{ge} 이상이어야 합니다",
    "greater_than": "{gt}보다 커야 합니다",
    "less_than_equal": "{le} 이하여야 합니다",
    "string_too_short": "{min_length}자 이상이어야 합니다",
    "string_too_long": "{max_length}자까지 적을 수 있습니다",
    "string_pattern_mismatch": "정해진 꼴이 아닙니다: {pattern}",
    "date_from_datetime_parsing": "날짜를 2025-01-20처럼 적으세요",
    "date_parsing": "날짜를 2025-01-20처럼 적으세요",
    "uuid_parsing": "번호(UUID)의 꼴이 아닙니다",
    "json_invalid": "JSON으로 읽을 수 없습니다",
    "enum": "다음 가운데 하나여야 합니다: {expected}",
    "literal_error": "다음 가운데 하나여야 합니다: {expected}",
}


def problem(status: int, rule: str, ko: str, en: str, errors: Sequence[dict[str, Any]] = ()) -> JSONResponse:
    content: dict[str, Any] = {
        "type": f"/problems/{rule}",
        "title": TITLES.get(status, "처리하지 못함"),
        "status": status,
        "rule": rule,
        "detail": ko,
        "detail_en": en,
        "correlation_id": correlation().get("correlationid"),
    }
    if errors:
        content["errors"] = list(errors)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(content, status, headers=headers, media_type="application/problem+json")


async def business_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BusinessError)
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    log.info("request.refused", rule=error.rule, status=status)
    response = problem(status, error.rule, error.ko, error.en)
    if isinstance(error, PrerequisiteMissing):
        # The prerequisite may be on its way: a retry helps, and only here.
        response.headers["Retry-After"] = "1"
    return response


async def validation_error(request: Request, error: Exception) -> Response:
    """Return a problem with up to twenty invalid fields, by their paths in the body."""
    assert isinstance(error, RequestValidationError)
    errors = [field_error(detail) for detail in error.errors()[:20]]
    ko = "; ".join(f"{invalid['field']}: {invalid['ko'].rstrip('.')}" for invalid in errors[:3])
    en = "; ".join(f"{invalid['field']}: {invalid['en'].rstrip('.')}" for invalid in errors[:3])
    return problem(
        422, "invalid_input", f"{ko}. 고쳐서 다시 보내세요.", f"{en}. Correct it and send it again.", errors
    )


def field_error(detail: Any) -> dict[str, str]:
    """Return the field and the message in both languages of one of pydantic's error details.

    Messages of our own validators are `Korean / English`; pydantic's are English, and KOREAN_MESSAGES translates them.
    """
    field = ".".join(str(part) for part in detail["loc"] if part not in {"body", "query", "path"}) or "body"
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] in KOREAN_MESSAGES:
        context = {name: str(value) for name, value in detail.get("ctx", {}).items()}
        return {"field": field, "ko": KOREAN_MESSAGES[detail["type"]].format_map(context), "en": message}
    korean, _, english = message.partition(" / ")
    return {"field": field, "ko": korean, "en": english or korean}


async def http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    ko = (
        "그런 주소가 없습니다. 주소를 확인하세요." if error.status_code == 404 else "이 요청은 받지 않습니다."
    )
    return problem(error.status_code, f"http_{error.status_code}", ko, str(error.detail))


async def unexpected_error(request: Request, error: Exception) -> Response:
    if is_transient(error):
        log.warning("request.database_unavailable", reason=repr(error))
        ko = "데이터베이스에 잠시 닿지 않습니다. 저장되지 않았으니 잠시 뒤 같은 Idempotency-Key로 다시 보내세요."
        return problem(
            503, "away", ko, "The database is away for now; nothing was saved. Try again with the same key."
        )
    log.error("request.failed", exc_info=error)
    ko = "처리하지 못했습니다. 저장되지 않았습니다. correlation_id를 운영자에게 알려 주세요."
    return problem(
        500, "unexpected", ko, "It failed and nothing was saved. Tell the operator the correlation_id."
    )


def register_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(BusinessError, business_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, unexpected_error)
