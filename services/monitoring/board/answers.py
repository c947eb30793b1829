"""HTML responses with security headers: no foreign content, no caching by browsers."""

from fastapi.responses import HTMLResponse

from services.monitoring.board.parts.render import CONTENT_SECURITY_POLICY

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageResponse(HTMLResponse):
    def __init__(
        self, content: str | bytes, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(content, status, headers=SECURITY_HEADERS | (headers or {}))
