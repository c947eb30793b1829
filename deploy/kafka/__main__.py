"""Makes the topics that are not there yet: `python -m deploy.kafka`, on the brokers of IEUM_KAFKA_BOOTSTRAP."""

import asyncio
import os
import sys

from deploy.kafka import topics


def main() -> None:
    """Run once; running it again changes nothing."""
    if not (bootstrap := os.environ.get("IEUM_KAFKA_BOOTSTRAP")):
        sys.exit("환경 변수가 없습니다 / missing in the environment: IEUM_KAFKA_BOOTSTRAP")
    made = asyncio.run(topics.create(bootstrap))
    print(f"topics made: {', '.join(made) or 'none, all were there'}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
