"""HTTP API: JSON of all figures as of a business date."""

from typing import Any

from services.monitoring.figures import queries
from shared.web.http import RequestSnapshot, Router
from shared.web.viewer import AsOf, Viewer

router = Router(prefix="/api/figures", tags=["figures"])


@router.get("", summary="모든 사업의 숫자 / every programme's figures")
async def all_programmes(session: RequestSnapshot, viewer: Viewer, as_of: AsOf) -> dict[str, Any]:
    """Return the figures of all programmes. Money is won."""
    return {"as_of": as_of.isoformat(), "programmes": await queries.all_figures(session, as_of)}


@router.get("/{programme_id}", summary="한 사업의 숫자 / one programme's figures")
async def one_programme(
    programme_id: str, session: RequestSnapshot, viewer: Viewer, as_of: AsOf
) -> dict[str, Any]:
    """Return the figures of one programme. Money is won; a group that the programme does not have is absent."""
    return await queries.figures_of(session, programme_id, as_of)
