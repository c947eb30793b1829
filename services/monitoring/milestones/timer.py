"""The role timer: runs the deadlines of each new day, and again after a restart."""

import asyncio

from services.monitoring.milestones.commands import run_deadlines
from shared.service import Context
from shared.values.calendar import today

PAUSE_SECONDS = 600.0


async def timer(context: Context) -> None:
    """Until cancelled. Several may run: each deadline is told once."""
    while True:
        async with context.database.transaction() as session:
            await run_deadlines(session, today())
        context.health.progress()
        await asyncio.sleep(PAUSE_SECONDS)
