"""Migration of every schema in one process, which imports the services once: `python -m tools.devstack.migrations`.

IEUM_OWNERS is a JSON object: by service the address of the role that owns its schema.
"""

import asyncio
import json
import os

from shared.database.migrate import migrate


async def main() -> None:
    """Migrate one schema after the other; the first failure is raised."""
    for service, url in json.loads(os.environ["IEUM_OWNERS"]).items():
        await migrate(service, url)


if __name__ == "__main__":
    asyncio.run(main())
