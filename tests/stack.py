"""Real servers for tests, started when first asked for and stopped when the test run ends.

`postgres_url()` is a superuser's address, `kafka_bootstrap()` a broker's. In containers where an engine answers
that has their images, embedded where not; IEUM_TEST_SERVERS=containers (which may pull) or =embedded decides
otherwise, and IEUM_DATABASE_URL and IEUM_KAFKA_BOOTSTRAP name existing servers instead.
"""

import asyncio
import atexit
import os
import secrets
import shutil
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from deploy.kafka import topics
from tests.containers import servers
from tests.containers.engine import NoEngine, answering
from tools.devstack import kafka, postgres, processes
from tools.devstack.jars import KAFKA
from tools.devstack.kafka import Kafka
from tools.devstack.ports import free_ports
from tools.devstack.postgres import Postgres


@cache
def postgres_url() -> str:
    """Return a superuser's address of a real PostgreSQL, database `postgres`."""
    if given := os.environ.get("IEUM_DATABASE_URL"):
        return given
    url = _embedded_postgres() if why_embedded() else servers.start_postgres()
    _now(postgres.wait_until_ready(url))
    return url


def _embedded_postgres() -> str:
    server = Postgres(
        _folder() / "postgres", _folder() / "postgres.log", free_ports(1)[0], secrets.token_urlsafe(16)
    )
    atexit.register(server.remove)
    _now(server.prepare())
    _start(server.program())
    return server.url


@cache
def kafka_bootstrap() -> str:
    """Return the address of a real Apache Kafka broker that has the topics of deploy/kafka/topics.py."""
    if given := os.environ.get("IEUM_KAFKA_BOOTSTRAP"):
        return given
    bootstrap = _embedded_kafka() if why_embedded() else servers.start_kafka()
    _now(kafka.wait_until_ready(bootstrap, 1))
    _now(topics.create(bootstrap))
    return bootstrap


def _embedded_kafka() -> str:
    client, controller = free_ports(2)
    cluster = Kafka(_folder() / "kafka", _folder(), tuple(KAFKA.get()), ((client, controller),))
    _now(cluster.prepare())
    for program in cluster.programs():
        _start(program)
    return cluster.bootstrap


@cache
def why_embedded() -> str:
    """Why the servers are not in containers; nothing where they are. Raises NoEngine where they had to be."""
    wish = os.environ.get("IEUM_TEST_SERVERS", "")
    if wish == "embedded":
        return "IEUM_TEST_SERVERS=embedded"
    try:
        servers.usable(pull=wish == "containers")
    except NoEngine as none:
        if wish == "containers":
            raise
        return str(none)
    return ""


def in_words() -> str:
    """What the tests stood on, for the last lines of a run."""
    given = [name for name in ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP") if os.environ.get(name)]
    if len(given) == 2:
        return f"주어진 서버 / given by {' and '.join(given)}"
    if why := why_embedded():
        return f"내장 스택 / embedded stack ({why})"
    return f"testcontainers ({answering().name}: {servers.POSTGRES}, {servers.KAFKA})"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ieum-tests-"))
    folder.chmod(0o711)  # the database's account must get through
    atexit.register(shutil.rmtree, folder)
    return folder


def _start(program: processes.Program) -> None:
    child = processes.start(program)
    atexit.register(processes.stop, child, program)


def _now(work: Coroutine[None, None, object]) -> None:
    """Wait for `work` in a loop of its own: the caller may stand inside a running one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()
