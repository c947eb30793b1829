"""Makes the schemas and roles, or changes their passwords: `python -m deploy.postgres`.

IEUM_DATABASE_URL is a superuser's; each role's password is in <ROLE>_PASSWORD, such as IEUM_FUNDING_OWNER_PASSWORD.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.postgres import roles


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the password of each role; raises KeyError with the names of all that are missing."""
    names = {role: f"{role.upper()}_PASSWORD" for role in roles.new_passwords()}
    missing = [name for name in names.values() if not environment.get(name)]
    if missing:
        raise KeyError(", ".join(missing))
    return {role: environment[name] for role, name in names.items()}


def main() -> None:
    """Run once; running it again changes nothing but the passwords."""
    try:
        url, given = os.environ["IEUM_DATABASE_URL"], passwords(os.environ)
    except KeyError as missing:
        sys.exit(f"환경 변수가 없습니다 / missing in the environment: {missing.args[0]}")
    asyncio.run(roles.prepare(url, given))


if __name__ == "__main__":
    main()
