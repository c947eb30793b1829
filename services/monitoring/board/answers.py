"""A page as an HTTP answer: nothing from elsewhere runs in it, nobody keeps it."""

from fastapi.responses import HTMLResponse

from services.monitoring.board.parts.render import CONTENT_SECURITY_POLICY

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Html(HTMLResponse):
    def __init__(
        self, content: str | bytes, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(content, status, headers=HEADERS | (headers or {}))
