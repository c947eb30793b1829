"""The embedded stack on real PostgreSQL and Apache Kafka: start, restart, refusals, and a complete stop."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka import topics
from deploy.postgres import roles
from tests.databases import PASSWORDS
from tests.stack import postgres_url
from tools.devstack import jars, kafka, orphans, postgres, status
from tools.devstack.errors import StackError
from tools.devstack.kafka import Kafka
from tools.devstack.ports import LOOPBACK, free_ports
from tools.devstack.postgres import Postgres
from tools.devstack.state import State
from tools.devstack.status import ProcessStatus, Status
from tools.devstack.supervisor import ManagedProcess, Supervisor

pytestmark = pytest.mark.connected
TIMEOUT = 120.0  # seconds; the machine may be busy


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.1)


def start_stack(state: State, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.fakes.up", str(state.folder)]
    environment = {**without_existing_servers(), **environment}
    with output_file(state).open("ab") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)


def without_existing_servers() -> dict[str, str]:
    servers = ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP")
    return {name: value for name, value in os.environ.items() if name not in servers}


def output_file(state: State) -> Path:
    return state.folder.with_suffix(".output")


def final_output(stack: subprocess.Popen[bytes], state: State) -> str:
    stack.wait(TIMEOUT)
    return output_file(state).read_text()


def running(state: State) -> Status | None:
    try:
        return status.read(state)
    except StackError:
        return None


def is_up(state: State) -> bool:
    current = running(state)
    return current is not None and all(process.ready for process in current.processes if process.port)


def ended(pids: list[int]) -> bool:
    return not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Yield a new state folder; processes that still run on it after the test are ended."""
    yield from new_folder(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Yield a state folder on which one stack runs for all tests of this module."""
    yield from folder_with_stack(tmp_path_factory.mktemp("shared"))


def folder_with_stack(parent: Path) -> Iterator[State]:
    for state in new_folder(parent):
        stack = start_stack(state)
        wait_until(partial(is_up, state))
        yield state
        stack.send_signal(signal.SIGINT)
        stack.wait(TIMEOUT)


def new_folder(parent: Path) -> Iterator[State]:
    state = State(parent / "state")
    yield state
    if current := running(state):
        psutil.Process(current.supervisor["pid"]).kill()
    orphans.end_orphans(state.processes)
    Postgres(state.folder / "postgres", state.logs, 0, "").remove()


def test_stack_starts_on_free_ports_and_reports_its_addresses(shared: State) -> None:
    current = status.read(shared)

    board, inbox = httpx.get(f"{current.board}/readyz"), httpx.get(current.inbox["mail"])

    assert (board.text, inbox.status_code) == ("api consumer projector relay timer", 200)
    assert [process.name for process in current.processes][-4:] == [*sorted(roles.SERVICES)]
    assert shared.status.stat().st_mode & 0o077 == 0


def test_status_output_contains_no_password(shared: State) -> None:
    command = [sys.executable, "-m", "tools.cli", "status", "--json", "--state", str(shared.folder)]

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    secrets = [shared.secrets().admin, *shared.secrets().roles.values()]
    assert [secret for secret in secrets if secret in printed] == []
    assert "//ieum_funding:***@" in json.loads(printed)["databases"]["funding"]


def test_ended_process_is_restarted_and_the_restart_is_printed(shared: State) -> None:
    funding = funding_status(shared)

    os.kill(funding.pid, signal.SIGKILL)

    wait_until(lambda: funding_is_restarted(shared))
    assert "funding: 종료됨 (코드 -9)" in output_file(shared).read_text()


def funding_status(state: State) -> ProcessStatus:
    return next(process for process in status.read(state).processes if process.name == "funding")


def funding_is_restarted(state: State) -> bool:
    funding = funding_status(state)
    return funding.restarts == 1 and funding.ready is True


def test_second_stack_on_the_same_state_folder_is_refused(shared: State) -> None:
    second = start_stack(shared)

    assert "이미 실행 중입니다" in final_output(second, shared)
    assert second.returncode == 1


def test_start_after_a_killed_supervisor_leaves_one_stack_and_ctrl_c_none(state: State) -> None:
    first = start_stack(state)
    wait_until(lambda: is_up(state))
    before = pids(state)

    first.kill()
    first.wait()
    second = start_stack(state)
    wait_until(lambda: is_up(state) and status.read(state).supervisor["pid"] == second.pid)
    after = pids(state)

    assert ended(before)
    second.send_signal(signal.SIGINT)
    assert "모두 끝났습니다" in final_output(second, state)
    assert second.returncode == 0
    assert ended(after)
    assert not state.status.exists()


def pids(state: State) -> list[int]:
    return [process.pid for process in status.read(state).processes]


def test_orphaned_process_is_ended_and_a_process_with_a_reused_pid_is_not(tmp_path: Path) -> None:
    orphan, unrelated = (subprocess.Popen(["sleep", "600"]) for _ in range(2))
    file = tmp_path / "processes.json"
    ours = orphans.identity("sleeper", orphan.pid, signal.SIGTERM)
    theirs = orphans.identity("sleeper", unrelated.pid, signal.SIGTERM)
    file.write_text(json.dumps([ours, {**theirs, "created": theirs["created"] - 100}]))

    ended_names = orphans.end_orphans(file)

    assert ended_names == ["sleeper"]
    assert ended([orphan.pid])
    orphan.wait()
    assert unrelated.poll() is None
    unrelated.kill()
    unrelated.wait()


def test_failed_start_of_a_service_shows_the_end_of_its_log_and_stops_everything(state: State) -> None:
    stack = start_stack(state, IEUM_FAKE="--broken")

    output = final_output(stack, state)

    assert stack.returncode == 1
    assert any(
        str(state.logs / f"{service}.log") in output for service in roles.SERVICES
    )  # the first to fail
    assert "fake: broken on purpose" in output
    assert not state.processes.exists()


def test_jar_with_a_wrong_checksum_is_refused_and_no_file_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / jars.KAFKA.name
    for jar in jars.KAFKA.get():
        copy = cache / jar.relative_to(jars.KAFKA.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        os.link(jar, copy) if jar.stat().st_dev == tmp_path.stat().st_dev else shutil.copy(jar, copy)
    wrong = next(cache.rglob("snappy-java*.jar"))
    wrong.unlink()
    wrong.write_bytes(b"not a jar")
    monkeypatch.setenv("IEUM_CACHE", str(tmp_path))

    with pytest.raises(StackError, match="검증값") as refusal:
        jars.KAFKA.get()

    assert str(wrong) in str(refusal.value)
    assert len(list(cache.rglob("*.jar"))) == len(jars.KAFKA.locked())


@pytest.mark.parametrize("verb", [["up"], ["demo", "--check"]], ids=lambda verb: verb[0])
def test_start_is_refused_when_maven_is_unreachable_and_jars_are_missing(
    state: State, verb: list[str]
) -> None:
    environment = {
        **without_existing_servers(),
        "IEUM_MAVEN_URL": f"http://{LOOPBACK}:{free_ports(1)[0]}",
        "IEUM_CACHE": str(state.folder / "empty"),
    }
    command = [sys.executable, "-m", "tools.cli", *verb, "--state", str(state.folder)]

    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert "Maven 저장소에 닿지 못해 시작하지 않습니다" in refused.stderr
    assert "Maven cannot be reached" in refused.stderr
    assert all(name in refused.stderr for name in ("IEUM_MAVEN_URL", "IEUM_KAFKA_BOOTSTRAP"))
    assert "Traceback" not in refused.stderr
    assert not state.processes.exists()
    assert not state.status.exists()


async def test_data_survives_a_restart_without_a_second_format(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log", free_ports(1)[0], "secret")
    first = a_cluster(tmp_path)
    async with Running(tmp_path, first, server):
        await execute(server.url, "create table stored as select 7 as value")
        await topics.create(first.bootstrap)
        await produce(first.bootstrap, b"stored")
    identity = (tmp_path / "kafka" / "1" / "meta.properties").read_text()

    restarted = a_cluster(tmp_path)
    async with Running(tmp_path, restarted, server):
        row, record = (
            await execute(server.url, "select value from stored"),
            await first_record(restarted.bootstrap),
        )

    assert restarted.ports != first.ports
    assert (row, record) == (7, b"stored")
    assert (tmp_path / "kafka" / "1" / "meta.properties").read_text() == identity
    server.remove()


async def test_topics_never_expire_and_have_six_partitions(tmp_path: Path) -> None:
    cluster = a_cluster(tmp_path)
    async with Running(tmp_path, cluster):
        created, created_again = (
            await topics.create(cluster.bootstrap),
            await topics.create(cluster.bootstrap),
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        described = await admin.describe_topics(list(topics.TOPICS))
        await admin.close()

    assert (sorted(created), created_again) == (sorted(topics.TOPICS), [])
    assert {len(topic["partitions"]) for topic in described} == {6}


async def test_three_brokers_remain_available_when_one_is_killed(tmp_path: Path) -> None:
    pairs = tuple((a, b) for a, b in zip(free_ports(3), free_ports(3), strict=True))
    cluster = Kafka(tmp_path / "kafka", tmp_path, tuple(jars.KAFKA.get()), pairs)
    async with Running(tmp_path, cluster) as children:
        await topics.create(cluster.bootstrap)

        children[0].process.kill()
        await produce(cluster.bootstrap, b"two of three")

        assert await first_record(cluster.bootstrap) == b"two of three"


async def test_postgres_denies_access_to_another_services_schema_and_new_tables() -> None:
    await roles.prepare(postgres_url(), PASSWORDS, "ieum_stack_test")
    funding, owner = "ieum_funding", "ieum_applications_owner"
    await execute(login(owner), "create table secret as select 1 as it")

    for forbidden in (
        "select * from applications.secret",
        "create table mine (it int)",
        "create table public.mine (it int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(login(funding), forbidden)
    assert await execute(login("ieum_applications"), "select it from secret") == 1
    assert await execute(login(funding), "show statement_timeout") == "30s"


def login(role: str) -> str:
    return roles.login_url(postgres_url(), role, PASSWORDS[role], "ieum_stack_test")


def a_cluster(folder: Path) -> Kafka:
    client, controller = free_ports(2)
    return Kafka(folder / "kafka", folder, tuple(jars.KAFKA.get()), ((client, controller),))


async def execute(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def produce(bootstrap: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    await producer.send_and_wait(topics.TOPICS[0], value, partition=0)
    await producer.stop()


async def first_record(bootstrap: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    partition = TopicPartition(topics.TOPICS[0], 0)
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    record = await consumer.getone()
    await consumer.stop()
    value: bytes = record.value
    return value


class Running:
    """Context manager that starts the servers and stops them at the end of the block."""

    def __init__(self, folder: Path, cluster: Kafka, server: Postgres | None = None) -> None:
        self.cluster, self.server = cluster, server
        self.supervisor = Supervisor(folder / "processes.json", print_line=lambda line: None)

    async def __aenter__(self) -> list[ManagedProcess]:
        await self.cluster.prepare()
        programs = self.cluster.programs()
        if self.server:
            await self.server.prepare()
            programs.append(self.server.program())
        for program in programs:
            self.supervisor.start(program, stage=0)
        await kafka.wait_until_ready(self.cluster.bootstrap, self.cluster.brokers)
        if self.server:
            await postgres.wait_until_ready(self.server.url)
        return self.supervisor.processes

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()
