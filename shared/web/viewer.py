"""What every read of the board shares: who looks, as of when, and one moment of the database."""

from datetime import date
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from shared.values.calendar import today
from shared.web.http import OccurredOn
from shared.web.identity import Actor, Credentials, require_role

ROLES = ("operator", "officer", "auditor")
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}


async def viewer(request: Request, given: Credentials) -> Actor:
    """Raises NotIdentified or NotAllowed where the board is not open to this request."""
    demo = demo_operator(request)
    if given is None and demo is not None:
        return demo
    return await require_role(*ROLES)(request, given)


def demo_operator(request: Request) -> Actor | None:
    """The demo's operator, where the demo opened the board; for this machine only, asked by its own name.

    The name in the request is checked too, or another site's page could ask through the visitor's browser.
    """
    name = request.app.state.settings.board_operator
    if not name or request.client is None or request.url.hostname not in LOOPBACK_HOSTS:
        return None
    return Actor(name, frozenset({"operator"})) if ip_address(request.client.host).is_loopback else None


Viewer = Annotated[Actor, Depends(viewer)]


async def as_of_or_today(as_of: OccurredOn | None = None) -> date:
    """The business date that is asked for, default today; a later one is refused."""
    return as_of or today()


AsOf = Annotated[date, Depends(as_of_or_today)]
