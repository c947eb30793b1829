"""Brings every schema up in one process, which imports the stack once: `python -m tools.devstack.migrations`.

IEUM_OWNERS is a JSON object: the address of the role that owns the schema, by service.
"""

import asyncio
import json
import os

from shared.database.migrate import migrate


async def main() -> None:
    """Migrate one schema after the other; the first that fails ends it with its traceback."""
    for service, url in json.loads(os.environ["IEUM_OWNERS"]).items():
        await migrate(service, url)


if __name__ == "__main__":
    asyncio.run(main())
