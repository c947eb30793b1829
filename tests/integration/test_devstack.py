"""The embedded stack on real PostgreSQL and Apache Kafka: starts, restarts, refuses, and leaves nothing behind."""

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
from tools.devstack import brokers, jars, kafka, orphans, postgres, processes, status
from tools.devstack.errors import StackError
from tools.devstack.kafka import Kafka
from tools.devstack.ports import free_ports
from tools.devstack.postgres import Postgres
from tools.devstack.state import State
from tools.devstack.status import Status
from tools.devstack.supervisor import Child, Supervisor

pytestmark = pytest.mark.connected
PATIENCE = 120.0  # seconds; the machine may be busy


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def a_stack(state: State, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.fakes.up", str(state.folder)]
    ours = {**os.environ, **environment}
    for name in ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP"):
        ours.pop(name, None)
    with said_by(state).open("ab") as said:
        return subprocess.Popen(command, env=ours, stdout=said, stderr=subprocess.STDOUT)


def said_by(state: State) -> Path:
    return state.folder.with_suffix(".said")


def printed(stack: subprocess.Popen[bytes], state: State) -> str:
    stack.wait(PATIENCE)
    return said_by(state).read_text()


def running(state: State) -> Status | None:
    try:
        return status.read(state)
    except StackError:
        return None


def is_up(state: State) -> bool:
    now = running(state)
    return now is not None and all(one.ready for one in now.processes if one.port)


def ended(pids: list[int]) -> bool:
    return not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A folder of its own; what runs on it at the end is ended, so that a failed test leaves nothing."""
    yield from folder_that_ends(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A folder on which one stack runs for several tests."""
    yield from folder_with_a_stack(tmp_path_factory.mktemp("shared"))


def folder_with_a_stack(parent: Path) -> Iterator[State]:
    for state in folder_that_ends(parent):
        stack = a_stack(state)
        until(partial(is_up, state))
        yield state
        stack.send_signal(signal.SIGINT)
        stack.wait(PATIENCE)


def folder_that_ends(parent: Path) -> Iterator[State]:
    state = State(parent / "state")
    yield state
    if now := running(state):
        psutil.Process(now.supervisor["pid"]).kill()
    orphans.end_leftovers(state.processes)
    Postgres(state.folder / "postgres", state.logs, 0, "").remove()


def test_the_stack_starts_on_free_ports_and_tells_where(shared: State) -> None:
    now = status.read(shared)

    board, inbox = httpx.get(f"{now.board}/readyz"), httpx.get(now.inbox["mail"])

    assert (board.text, inbox.status_code) == ("api consumer projector relay timer", 200)
    assert [one.name for one in now.processes][-4:] == [*sorted(roles.SERVICES)]
    assert shared.status.stat().st_mode & 0o077 == 0


def test_what_is_printed_names_no_password(shared: State) -> None:
    command = [sys.executable, "-m", "tools.cli", "status", "--json", "--state", str(shared.folder)]

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    secrets = [shared.secrets().admin, *shared.secrets().roles.values()]
    assert [secret for secret in secrets if secret in printed] == []
    assert "//ieum_funding:***@" in json.loads(printed)["databases"]["funding"]


def test_a_process_that_dies_is_started_again_and_the_log_says_so(shared: State) -> None:
    funding = next(one for one in status.read(shared).processes if one.name == "funding")

    os.kill(funding.pid, signal.SIGKILL)

    until(lambda: funding_again(shared))
    assert "funding: 종료됨 (코드 -9)" in said_by(shared).read_text()


def funding_again(state: State) -> bool:
    funding = next(one for one in status.read(state).processes if one.name == "funding")
    return funding.restarts == 1 and funding.ready is True


def test_a_second_stack_on_the_same_folder_is_refused_politely(shared: State) -> None:
    second = a_stack(shared)

    assert "이미 실행 중입니다" in printed(second, shared)
    assert second.returncode == 1


def test_after_kill_9_of_the_parent_the_next_start_leaves_one_stack_and_ctrl_c_none(state: State) -> None:
    first = a_stack(state)
    until(lambda: is_up(state))
    before = pids(state)

    first.kill()
    first.wait()
    second = a_stack(state)
    until(lambda: is_up(state) and status.read(state).supervisor["pid"] == second.pid)
    after = pids(state)

    assert ended(before)
    second.send_signal(signal.SIGINT)
    assert "모두 끝났습니다" in printed(second, state)
    assert second.returncode == 0
    assert ended(after)
    assert not state.status.exists()


def pids(state: State) -> list[int]:
    return [one.pid for one in status.read(state).processes]


def test_what_a_killed_parent_left_is_ended_and_a_reused_pid_is_not(tmp_path: Path) -> None:
    left, innocent = (subprocess.Popen(["sleep", "600"]) for _ in range(2))
    record = tmp_path / "processes.json"
    ours = orphans.identified("sleeper", left.pid, signal.SIGTERM)
    theirs = orphans.identified("sleeper", innocent.pid, signal.SIGTERM)
    record.write_text(json.dumps([ours, {**theirs, "created": theirs["created"] - 100}]))

    found = orphans.end_leftovers(record)

    assert found == ["sleeper"]
    assert ended([left.pid])
    left.wait()
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


def test_a_service_that_cannot_start_shows_the_end_of_its_log_and_ends_everything(state: State) -> None:
    stack = a_stack(state, IEUM_FAKE="--broken")

    said = printed(stack, state)

    assert stack.returncode == 1
    assert any(str(state.logs / f"{one}.log") in said for one in roles.SERVICES)  # whichever fell first
    assert "fake: broken on purpose" in said
    assert not state.processes.exists()


def test_a_jar_with_a_wrong_checksum_is_refused_and_nothing_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / jars.KAFKA.name
    for jar in jars.KAFKA.get():
        copy = ours / jar.relative_to(jars.KAFKA.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        os.link(jar, copy) if jar.stat().st_dev == tmp_path.stat().st_dev else shutil.copy(jar, copy)
    wrong = next(ours.rglob("snappy-java*.jar"))
    wrong.unlink()
    wrong.write_bytes(b"not a jar")
    monkeypatch.setenv("IEUM_CACHE", str(tmp_path))

    with pytest.raises(StackError, match="검증값") as refusal:
        jars.KAFKA.get()

    assert str(wrong) in str(refusal.value)
    assert len(list(ours.rglob("*.jar"))) == len(jars.KAFKA.locked())


async def test_without_maven_the_stand_in_broker_is_announced_and_takes_records(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IEUM_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setenv("IEUM_MAVEN_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv("IEUM_CACHE", str(state.folder / "empty"))
    said: list[str] = []

    broker = brokers.choose(
        state, brokers=1, pleasant=False, say=said.append, progress=lambda done, total: None
    )
    [program] = broker.programs()
    child = processes.start(program)
    try:
        await kafka.wait_until_ready(broker.bootstrap, 1)
        await topics.create(broker.bootstrap)
        await produce(broker.bootstrap, b"taken", idempotent=broker.idempotent)
        read = await first_record(broker.bootstrap)
    finally:
        processes.stop(child, program)

    assert len(said) == 1
    assert "Tansu" in said[0]
    assert (broker.idempotent, broker.durable, read) == (False, False, b"taken")


async def test_what_was_written_survives_a_restart_without_a_second_format(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log", free_ports(1)[0], "secret")
    first = a_cluster(tmp_path)
    async with Running(tmp_path, first, server):
        await execute(server.url, "create table kept as select 7 as it")
        await topics.create(first.bootstrap)
        await produce(first.bootstrap, b"kept", idempotent=True)
    identity = (tmp_path / "kafka" / "1" / "meta.properties").read_text()

    elsewhere = a_cluster(tmp_path)
    async with Running(tmp_path, elsewhere, server):
        row, record = (
            await execute(server.url, "select it from kept"),
            await first_record(elsewhere.bootstrap),
        )

    assert elsewhere.ports != first.ports
    assert (row, record) == (7, b"kept")
    assert (tmp_path / "kafka" / "1" / "meta.properties").read_text() == identity
    server.remove()


async def test_topics_never_expire_and_have_six_partitions(tmp_path: Path) -> None:
    cluster = a_cluster(tmp_path)
    async with Running(tmp_path, cluster):
        made, again = await topics.create(cluster.bootstrap), await topics.create(cluster.bootstrap)
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        described = await admin.describe_topics(list(topics.TOPICS))
        await admin.close()

    assert (sorted(made), again) == (sorted(topics.TOPICS), [])
    assert {len(one["partitions"]) for one in described} == {6}


async def test_three_brokers_go_on_when_one_is_killed(tmp_path: Path) -> None:
    pairs = tuple((a, b) for a, b in zip(free_ports(3), free_ports(3), strict=True))
    cluster = Kafka(tmp_path / "kafka", tmp_path, tuple(jars.KAFKA.get()), pairs)
    async with Running(tmp_path, cluster) as children:
        await topics.create(cluster.bootstrap)

        children[0].process.kill()
        await produce(cluster.bootstrap, b"two of three", idempotent=True)

        assert await first_record(cluster.bootstrap) == b"two of three"


async def test_postgres_refuses_another_services_schema_and_new_tables() -> None:
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
    return roles.login(postgres_url(), role, PASSWORDS[role], "ieum_stack_test")


def a_cluster(folder: Path) -> Kafka:
    client, controller = free_ports(2)
    return Kafka(folder / "kafka", folder, tuple(jars.KAFKA.get()), ((client, controller),))


async def execute(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def produce(bootstrap: str, value: bytes, idempotent: bool) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=idempotent, acks="all")
    await producer.start()
    await producer.send_and_wait(topics.TOPICS[0], value, partition=0)
    await producer.stop()


async def first_record(bootstrap: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    place = TopicPartition(topics.TOPICS[0], 0)
    consumer.assign([place])
    await consumer.seek_to_beginning(place)
    record = await consumer.getone()
    await consumer.stop()
    value: bytes = record.value
    return value


class Running:
    """The servers, up inside the block, ended together with it."""

    def __init__(self, folder: Path, cluster: Kafka, server: Postgres | None = None) -> None:
        self.cluster, self.server = cluster, server
        self.supervisor = Supervisor(folder / "processes.json", say=lambda line: None)

    async def __aenter__(self) -> list[Child]:
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
        return self.supervisor.children

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()
