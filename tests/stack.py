"""Real servers for tests, started at their first use and stopped at the end of the test run.

`postgres_url()` is a superuser's address, `kafka_bootstrap()` a broker's. The servers run in containers where a
container engine has their images, else embedded; IEUM_TEST_SERVERS=containers (which may pull images) or =embedded
decides otherwise, and IEUM_DATABASE_URL and IEUM_KAFKA_BOOTSTRAP name existing servers instead.
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
from tests.containers.engine import EngineUnavailable, running_engine
from tools.devstack import kafka, postgres, processes
from tools.devstack.jars import KAFKA
from tools.devstack.kafka import Kafka
from tools.devstack.ports import free_ports
from tools.devstack.postgres import Postgres


@cache
def postgres_url() -> str:
    """Return a superuser's address on a real PostgreSQL, database `postgres`."""
    if url := os.environ.get("IEUM_DATABASE_URL"):
        return url
    url = _embedded_postgres() if embedded_reason() else servers.start_postgres()
    run_apart(postgres.wait_until_ready(url))
    return url


def _embedded_postgres() -> str:
    server = Postgres(
        _folder() / "postgres", _folder() / "postgres.log", free_ports(1)[0], secrets.token_urlsafe(16)
    )
    atexit.register(server.remove)
    run_apart(server.prepare())
    _start(server.program())
    return server.url


@cache
def kafka_bootstrap() -> str:
    """Return the address of a real Apache Kafka broker that has the topics of deploy/kafka/topics.py."""
    if bootstrap := os.environ.get("IEUM_KAFKA_BOOTSTRAP"):
        return bootstrap
    bootstrap = _embedded_kafka() if embedded_reason() else servers.start_kafka()
    run_apart(kafka.wait_until_ready(bootstrap, 1))
    run_apart(topics.create(bootstrap))
    return bootstrap


def _embedded_kafka() -> str:
    client, controller = free_ports(2)
    cluster = Kafka(_folder() / "kafka", _folder(), tuple(KAFKA.get()), ((client, controller),))
    run_apart(cluster.prepare())
    for program in cluster.programs():
        _start(program)
    return cluster.bootstrap


@cache
def embedded_reason() -> str:
    """Return why the servers run embedded, empty for containers; raises EngineUnavailable where containers are required."""
    chosen = os.environ.get("IEUM_TEST_SERVERS", "")
    if chosen == "embedded":
        return "IEUM_TEST_SERVERS=embedded"
    try:
        servers.usable(pull=chosen == "containers")
    except EngineUnavailable as failure:
        if chosen == "containers":
            raise
        return str(failure)
    return ""


def server_description() -> str:
    """Return the description of the servers for the summary of the test run."""
    variables = [name for name in ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP") if os.environ.get(name)]
    if len(variables) == 2:
        return f"주어진 서버 / given by {' and '.join(variables)}"
    if reason := embedded_reason():
        return f"내장 스택 / embedded stack ({reason})"
    return f"testcontainers ({running_engine().name}: {servers.POSTGRES}, {servers.KAFKA})"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ieum-tests-"))
    folder.chmod(0o711)  # the database's user must be able to enter
    atexit.register(shutil.rmtree, folder)
    return folder


def _start(program: processes.Program) -> None:
    child = processes.start(program)
    atexit.register(processes.stop, child, program)


def run_apart(work: Coroutine[None, None, object]) -> None:
    """Run `work` in an event loop of its own thread: the caller's thread may have one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()
