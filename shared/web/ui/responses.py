"""HTML responses with security headers: no foreign content, no caching by browsers."""

from fastapi.responses import HTMLResponse

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
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
