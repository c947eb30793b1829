"""Migration of every schema in one process, which imports the services once: `python -m tools.devstack.migrations`.

IEUM_OWNERS is a JSON object: by service the address of the role that owns its schema.
"""

import asyncio
import json
import os
from collections.abc import Mapping

from shared.database.migrate import migrate


async def migrate_all(owners: Mapping[str, str]) -> None:
    """Migrate one schema after the other; the first failure is raised."""
    for service, url in owners.items():
        await migrate(service, url)


if __name__ == "__main__":
    asyncio.run(migrate_all(json.loads(os.environ["IEUM_OWNERS"])))
