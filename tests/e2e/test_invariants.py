"""The invariants hold after a real run; and each damage that a guard prevents turns exactly the right ones red."""

import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.local import leftovers, status
from deploy.local.state import State
from deploy.local.status import ProcessStatus, Status
from deploy.postgres import roles
from deploy.verify import verbs
from deploy.verify.invariant import Verdict
from deploy.verify.rebuilding import rebuild
from deploy.verify.target import Target
from services.monitoring.projections.catalogue import PROJECTIONS
from shared.config import Settings
from shared.delivery.kafka import producer
from shared.events.monitoring import MentorVisited
from tests import databases as real
from tests.builders import sealed
from tests.conftest import empty_topics
from tests.databases import PASSWORDS, Databases
from tests.e2e.damages import DAMAGES, Damage
from tests.e2e.small_story import PROGRAMME, SERVICES, Town, a_past_case, play
from tests.stack import postgres_url

pytestmark = pytest.mark.connected

PRISTINE, DAMAGED = "ieum_pristine", "ieum_damaged"
ALL = {f"I{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12)}


@pytest.fixture(scope="module")
def patient(connected: Settings) -> Settings:
    return connected.model_copy(update={"parking_seconds": 60.0})


@pytest.fixture(scope="module")
async def target(
    migrated: Databases, patient: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Target]:
    """The small story was played; what it left is copied, and everything stands still."""
    await empty_topics(patient.kafka_bootstrap)
    await real.empty()
    async with Town(SERVICES, migrated, patient) as town:
        await town.start()
        await play(town)
    for database in migrated.values():
        await database.close()
    logs: Path = tmp_path_factory.mktemp("logs")
    (logs / "funding.log").write_text('{"event": "record.dead_lettered"}\n', encoding="utf-8")
    await copy(real.NAME, PRISTINE)
    async with a_process(200) as url:
        yield Target(owners(real.NAME), patient.kafka_bootstrap, [url], logs)
    await drop(PRISTINE, DAMAGED)


@asynccontextmanager
async def a_process(status: int) -> AsyncIterator[str]:
    """One that answers every question with this status."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} so\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def owners(database: str) -> dict[str, str]:
    named = {service: roles.owner_role(service) for service in roles.SERVICES}
    return {
        service: roles.login(postgres_url(), role, PASSWORDS[role], database)
        for service, role in named.items()
    }


async def drop(*names: str) -> None:
    admin = await asyncpg.connect(postgres_url())
    for name in names:
        await admin.execute(f"drop database if exists {name} with (force)")
    await admin.close()


async def copy(name: str, to: str) -> None:
    await drop(to)
    admin = await asyncpg.connect(postgres_url())
    await admin.execute(f"create database {to} template {name}")
    for service in roles.SERVICES:
        await admin.execute(f"grant connect, create on database {to} to {roles.owner_role(service)}")
    await admin.close()


async def do(damage: Damage, database: str) -> None:
    """As superuser, past triggers and foreign keys."""
    settings = {"search_path": damage.service, "session_replication_role": "replica"}
    admin = await asyncpg.connect(roles.within(postgres_url(), database), server_settings=settings)
    await admin.execute(damage.sql)
    await admin.close()


async def verdicts(target: Target, grace_seconds: float = 0) -> dict[str, Verdict]:
    return {one.invariant.id: one for one in await verbs.verdicts_on(target, grace_seconds)}


async def red(target: Target) -> dict[str, Any]:
    """What is red, with the reasons."""
    found = await verdicts(target)
    return {id: [*one.finding.violations, *one.blind] for id, one in found.items() if not one.ok}


async def test_after_a_real_run_every_invariant_holds_and_counted_something(target: Target) -> None:
    found = await verdicts(target, grace_seconds=30)

    assert {id: one.finding.violations for id, one in found.items() if not one.ok} == {}
    assert found.keys() == ALL
    assert found["I2"].finding.counts[0].n == 2
    losses = {count.en: count.n for count in found["I4"].finding.counts}
    assert losses["dead letters"] == 1
    assert found["I10"].finding.counts[-1].n == 2


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
async def test_a_damage_turns_exactly_its_invariants_red(target: Target, damage: Damage) -> None:
    await copy(PRISTINE, DAMAGED)
    await do(damage, DAMAGED)

    found = await red(replace(target, owners=owners(DAMAGED)))

    assert set(found) == damage.red, found


async def test_an_empty_installation_proves_nothing(target: Target, tmp_path: Path) -> None:
    """Every table is empty: no invariant is broken, and none that looks at tables holds."""
    await copy(PRISTINE, DAMAGED)
    emptied = "; ".join(f"truncate {name}.event_log, {name}.inbox, {name}.outbox" for name in roles.SERVICES)
    ledger = "truncate funding.account, funding.posting, funding.payment, funding.tranche cascade"
    await do(Damage("nothing is there", "funding", f"{emptied}; {ledger}", frozenset()), DAMAGED)

    found = await verdicts(replace(target, owners=owners(DAMAGED), logs=tmp_path, processes=[]))

    blind = {id for id, one in found.items() if one.blind}
    assert blind == {"I1", "I2", "I3", "I4", "I7", "I8", "I10", "I11", "I12"}


async def test_a_process_that_is_not_ready_is_told(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.verify.liveness.READY_SECONDS", 0.1)
    async with a_process(503) as busy:
        found = await red(replace(target, processes=[*target.processes, busy, "http://127.0.0.1:1"]))

    assert set(found) == {"I11"}
    assert len(found["I11"]) == 2


@pytest.mark.parametrize("column", ["email", "phone"])
async def test_an_address_in_a_log_file_is_told_without_being_repeated(
    target: Target, tmp_path: Path, column: str
) -> None:
    owner = await asyncpg.connect(target.owners["notifications"])
    address = await owner.fetchval(f"select {column} from recipient limit 1")
    await owner.close()
    (tmp_path / "notifications.log").write_text(f"sent to <{address}>\n", encoding="utf-8")

    found = await red(replace(target, logs=tmp_path))

    assert set(found) == {"I12"}
    assert found["I12"][0].startswith("notifications.log:1")
    assert address not in str(found)


async def test_a_rebuild_puts_right_what_was_altered(target: Target) -> None:
    await copy(PRISTINE, DAMAGED)
    altered = next(damage for damage in DAMAGES if damage.name == "a cell of a projection is altered")
    await do(altered, DAMAGED)
    damaged = replace(target, owners=owners(DAMAGED))

    swapped = await rebuild(damaged, swap=True)

    assert [one.table for one in swapped.tables if one.differing] == ["company_row"]
    assert await red(damaged) == {}
    assert (await rebuild(damaged)).equal


def state_of(target: Target, folder: Path) -> State:
    """A state folder that says, as a running stack does, where this target is."""
    process = ProcessStatus("funding", "funding", ["api"], os.getpid(), port_of(target), 0, True)
    now = Status(
        supervisor=leftovers.identified("ieum", os.getpid(), signal.SIGTERM),
        kafka={"bootstrap": target.kafka, "kind": "Apache Kafka", "brokers": 1},
        databases={},
        owners=dict(target.owners),
        apis={},
        board=None,
        inbox={},
        processes=[process],
    )
    state = State(folder)
    state.logs.mkdir(parents=True)
    (state.logs / "funding.log").write_text("{}\n", encoding="utf-8")
    status.write(state, now)
    return state


def port_of(target: Target) -> int:
    return int(target.processes[0].rpartition(":")[2])


async def ieum(*arguments: str) -> Any:
    """The command as somebody types it; it has a loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))


async def test_the_commands_succeed_where_all_is_right(target: Target, tmp_path: Path) -> None:
    await copy(PRISTINE, DAMAGED)
    folder = str(state_of(replace(target, owners=owners(DAMAGED)), tmp_path / "state").folder)

    verified, rebuilt = (
        await ieum("verify", "--json", "--state", folder),
        await ieum("rebuild", "--state", folder),
    )

    assert (verified.exit_code, rebuilt.exit_code) == (0, 0), verified.output + rebuilt.output
    rows = json.loads(verified.stdout)
    assert {row["id"] for row in rows} == ALL
    assert all(row["ok"] and row["counted"][0]["n"] for row in rows)


async def test_the_commands_fail_where_one_cell_is_altered(target: Target, tmp_path: Path) -> None:
    await copy(PRISTINE, DAMAGED)
    await do(next(one for one in DAMAGES if one.name == "a tile of money is altered by one won"), DAMAGED)
    folder = str(state_of(replace(target, owners=owners(DAMAGED)), tmp_path / "state").folder)

    verified, rebuilt = (
        await ieum("verify", "--state", folder),
        await ieum("rebuild", "--verify", "--state", folder),
    )

    assert (verified.exit_code, rebuilt.exit_code) == (1, 1)
    assert "I8: money_tile" in verified.stdout
    assert re.search(r"money_tile\s+\d+\s+\d+\s+[1-9]", rebuilt.stdout), rebuilt.stdout


async def test_a_rebuild_of_nothing_fails(target: Target, tmp_path: Path) -> None:
    await copy(PRISTINE, DAMAGED)
    nothing = "truncate projection_offset, " + ", ".join(TABLES)
    await do(Damage("no rows", "monitoring", nothing, frozenset()), DAMAGED)
    folder = str(state_of(replace(target, owners=owners(DAMAGED)), tmp_path / "state").folder)

    rebuilt = await ieum("rebuild", "--verify", "--state", folder)

    assert rebuilt.exit_code == 1
    assert re.search(r"case_row\s+0\s+0\s+0", rebuilt.stdout), rebuilt.stdout


TABLES = sorted({str(one.table.__tablename__) for one in PROJECTIONS})


async def test_a_record_that_nobody_has_read_is_told(target: Target) -> None:
    """The services stand still; of a type that nobody hears, so that it is read past as soon as they run."""
    async with producer(Settings(kafka_bootstrap=target.kafka)) as sender:
        record = sealed(a_past_case(), None, type="kr.ieum.legacy.something_else.v1")
        await sender.send_and_wait(**record)

    found = await red(target)

    assert set(found) == {"I11"}, found
    assert "applications: ieum.external.legacy/" in found["I11"][0]


# Damages on the topics, while the services run: Kafka forgets nothing, so what is new since before counts.


@dataclass
class Running:
    town: Town
    target: Target
    before: Counter[tuple[str, str]]

    async def violations(self) -> Counter[tuple[str, str]]:
        found = await verdicts(self.target, grace_seconds=10)
        return Counter((id, line) for id, one in found.items() for line in one.finding.violations)

    async def new(self) -> set[str]:
        await self.town.settle()
        now = await self.violations()
        self.before, fresh = now, now - self.before
        return {id for id, _ in fresh}


@pytest.fixture(scope="module")
async def running(target: Target, migrated: Databases, patient: Settings) -> AsyncIterator[Running]:
    async with Town(SERVICES, migrated, patient) as town:
        await town.start()
        await town.settle()
        running = Running(town, target, Counter())
        running.before = await running.violations()
        yield running


def a_visit() -> MentorVisited:
    said = {"programme_id": PROGRAMME, "mentor_id": "mentor-9", "work": "없던 방문"}
    return MentorVisited(case_id=uuid4(), occurred_on=date(2024, 8, 1), **said)


async def say_what_nobody_said(running: Running) -> None:
    await running.town.send(**sealed(a_visit(), 1))


async def say_something_else_under_a_known_id(running: Running) -> None:
    records = await running.town.log("ieum.applications")
    record = next(one for one in records if b'"occurred_on":"2024' in one.value)
    changed = record.value.replace(b'"occurred_on":"2024', b'"occurred_on":"2023')
    await running.town.send(record.topic, changed, key=record.key, headers=list(record.headers))


async def leave_a_number_out(running: Running) -> None:
    await publish(running, a_visit(), 2)


async def tell_the_second_first(running: Running) -> None:
    visit = a_visit()
    await publish(running, visit, 2)
    await running.town.settle()
    await publish(running, visit, 1)


async def publish(running: Running, event: MentorVisited, number: int) -> None:
    """Past the stream's row that gives the numbers; the relay does the rest."""
    named = {name[3:]: text.decode() for name, text in sealed(event, None)["headers"] if name[:3] == "ce_"}
    row = (named["id"], event.topic, event.subject, number, event.type(), event.occurred_on)
    async with running.town.databases["monitoring"].fast_transaction() as connection:
        await connection.execute(PUBLISH, *row, json.dumps(named), event.model_dump_json(exclude_none=True))


PUBLISH = """
    with logged as (
        insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
        values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8) returning position
    )
    insert into outbox (position, shard) select position, 3 from logged
"""


async def commit_twice_for_one_agreement(running: Running) -> None:
    async with running.town.databases["funding"].fast_transaction() as connection:
        await connection.execute(AGAIN)


AGAIN = """
    with chosen as (select * from event_log where type like '%funds.committed%' order by position limit 1),
    numbered as (
        update stream set last = last + 1 from chosen where stream.subject = chosen.subject returning last
    ), named as (select gen_random_uuid() as id),
    logged as (
        insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
        select named.id, topic, subject, last, type, occurred_on,
               attributes || jsonb_build_object('id', named.id::text), data
        from chosen, numbered, named returning position
    )
    insert into outbox (position, shard) select position, 3 from logged
"""


async def name_an_address_on_a_topic(running: Running) -> None:
    [phone] = {row["phone"] for row in (await running.town.rows("notifications", "recipient"))[:1]}
    await running.town.send(**sealed(a_past_case(company_name_ko=f"기업 ({phone})"), None))


TOPIC_DAMAGES: list[tuple[Callable[[Running], Awaitable[None]], set[str]]] = [
    (say_what_nobody_said, {"I5"}),
    (say_something_else_under_a_known_id, {"I5"}),
    (leave_a_number_out, {"I6"}),
    (tell_the_second_first, {"I6"}),
    (commit_twice_for_one_agreement, {"I7", "I8"}),
    (name_an_address_on_a_topic, {"I12"}),
]


@pytest.mark.parametrize(("act", "expected"), TOPIC_DAMAGES, ids=lambda it: getattr(it, "__name__", "red"))
async def test_a_damage_on_a_topic_turns_exactly_its_invariants_red(
    running: Running, act: Callable[[Running], Awaitable[None]], expected: set[str]
) -> None:
    await act(running)

    assert await running.new() == expected
