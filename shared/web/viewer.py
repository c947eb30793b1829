"""Dependencies of read requests: the viewer, with the right to read the board, and the business date asked for."""

from datetime import date
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from shared.config import SettingsGroup
from shared.values.clock import today
from shared.web.http import OccurredOn
from shared.web.identity import Actor, Credentials, require_role

ROLES = ("operator", "officer", "auditor")
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}


class BoardSettings(SettingsGroup):
    """Access to the board without a login: on this machine alone, under the name of the demo's operator."""

    board_operator: str | None = None


async def viewer(request: Request, credentials: Credentials) -> Actor:
    """Return the demo's operator or the identified viewer; raise Unauthenticated or Forbidden where neither may read."""
    demo = demo_operator(request)
    if credentials is None and demo is not None:
        return demo
    return await require_role(*ROLES)(request, credentials)


def demo_operator(request: Request) -> Actor | None:
    """Return the demo's operator where the demo opened the board to this machine, else None.

    The request's host name is checked too: otherwise another site's page could read through the visitor's browser.
    """
    settings = request.app.state.settings
    name = settings.board_operator if isinstance(settings, BoardSettings) else None
    if not name or request.client is None or request.url.hostname not in LOOPBACK_HOSTS:
        return None
    return Actor(name, frozenset({"operator"})) if ip_address(request.client.host).is_loopback else None


Viewer = Annotated[Actor, Depends(viewer)]


async def as_of_or_today(as_of: OccurredOn | None = None) -> date:
    """Return the business date asked for, today by default; OccurredOn refuses a later one."""
    return as_of or today()


AsOf = Annotated[date, Depends(as_of_or_today)]
