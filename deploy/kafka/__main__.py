"""Creation of missing topics on the brokers of IEUM_KAFKA_BOOTSTRAP: `python -m deploy.kafka`."""

import asyncio
import os
import sys

from deploy.kafka import topics


def main() -> None:
    """Create the missing topics; a second run changes nothing."""
    if not (bootstrap := os.environ.get("IEUM_KAFKA_BOOTSTRAP")):
        sys.exit("환경 변수가 없습니다 / missing in the environment: IEUM_KAFKA_BOOTSTRAP")
    created = asyncio.run(topics.create(bootstrap))
    print(f"topics made: {', '.join(created) or 'none, all were there'}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
