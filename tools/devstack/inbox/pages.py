"""The pages and the JSON of both inboxes; received text is escaped, HTML mails are shown in a sandboxed frame."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tools.devstack.inbox.journal import Journal, Record

SEOUL = ZoneInfo("Asia/Seoul")
FOLDER = Path(__file__).parent / "templates"
TEMPLATES = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TEMPLATES.filters["seoul"] = lambda at: f"{datetime.fromisoformat(at).astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"
# a mail may style itself; it may not load, run, send or open anything
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
STATES = {
    "accepted": "접수 / accepted",
    "delivered": "수신 / delivered",
    "failed": "미수신 / not delivered",
    "refused": "거절 / refused",
    "receipt_refused": "수신, 통지 실패 / receipt not taken",
}


def routes(mails: Journal, messages: Journal) -> list[Route]:
    """Return the routes of the pages and of the JSON."""

    async def mail_list(request: Request) -> Response:
        return _render("mails.html", {"mails": mails.newest_first()})

    async def mail(request: Request) -> Response:
        return _render("mail.html", {"mail": _record(mails, request)})

    async def mail_html(request: Request) -> Response:
        return _secured(HTMLResponse(_record(mails, request)["html"]), MAIL_POLICY)

    async def sms_list(request: Request) -> Response:
        return _render("sms.html", {"messages": messages.newest_first(), "states": STATES})

    async def api_mails(request: Request) -> Response:
        return JSONResponse(mails.newest_first())

    async def api_messages(request: Request) -> Response:
        return JSONResponse(messages.newest_first())

    pages = {"/mails": mail_list, "/mails/{id}": mail, "/mails/{id}/html": mail_html, "/sms": sms_list}
    data = {"/": _to_mails, "/api/mails": api_mails, "/api/messages": api_messages, "/style.css": _style}
    return [Route(path, endpoint) for path, endpoint in {**pages, **data}.items()]


async def _to_mails(request: Request) -> Response:
    return RedirectResponse("/mails")


async def _style(request: Request) -> Response:
    return Response((FOLDER / "style.css").read_text(encoding="utf-8"), media_type="text/css")


def _record(journal: Journal, request: Request) -> Record:
    record = journal.records.get(request.path_params["id"])
    if record is None:
        raise HTTPException(404, "그런 메일이 없습니다 / no such mail")
    return record


def _render(template: str, values: Mapping[str, object]) -> Response:
    return _secured(HTMLResponse(TEMPLATES.get_template(template).render(values)), PAGE_POLICY)


def _secured(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
