"""Creation of the schemas and roles, or a change of their passwords: `python -m deploy.postgres`.

IEUM_DATABASE_URL is a superuser's address; each role's password is in <ROLE>_PASSWORD, such as IEUM_FUNDING_OWNER_PASSWORD.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.postgres import roles


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the password of each role; raises KeyError with the names of all missing variables."""
    names = {role: f"{role.upper()}_PASSWORD" for role in roles.new_passwords()}
    missing = [name for name in names.values() if not environment.get(name)]
    if missing:
        raise KeyError(", ".join(missing))
    return {role: environment[name] for role, name in names.items()}


def main() -> None:
    """Create the schemas and roles; a second run changes nothing but the passwords."""
    try:
        url, by_role = os.environ["IEUM_DATABASE_URL"], passwords(os.environ)
    except KeyError as missing:
        sys.exit(f"환경 변수가 없습니다 / missing in the environment: {missing.args[0]}")
    asyncio.run(roles.prepare(url, by_role))


if __name__ == "__main__":
    main()
