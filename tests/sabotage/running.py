"""Runs of pytest, each with one guard removed: forked, so that each begins with everything imported already."""

import asyncio
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres import roles
from tests import databases
from tests.sabotage import plugin
from tests.sabotage.guard import Guard
from tests.sources import ROOT
from tests.stack import kafka_bootstrap, postgres_url

TEMPLATE = "ieum_sabotage"
LIMIT = 120  # seconds that a run may take, on a machine with other work, and two more for each of its tests


@dataclass
class Run:
    """`without` is the guard that is removed; none in the control run, where all must be green."""

    without: Guard | None
    tests: Sequence[str]
    folder: Path
    number: int
    pid: int = 0
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    fault: str = ""
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.without.name if self.without else "control"

    @property
    def database(self) -> str:
        return f"{TEMPLATE}_{self.number}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.number}-{self.name}.log"

    @property
    def red(self) -> list[str]:
        return [test for test, one in self.outcomes.items() if one["outcome"] == "red"]

    @property
    def blind(self) -> list[str]:
        """The tests that did not notice."""
        return [test for test in self.tests if not any(f"{one}[".startswith(f"{test}[") for one in self.red)]

    def arguments(self) -> list[str]:
        without = ["--without", self.without.name] if self.without else []
        files = ["--outcomes", str(self._outcomes), "--prepared", self.database]
        # plain: rewriting asserts would want to import what the fork has imported already
        plain = ["--assert=plain", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
        # a test that goes red in the middle leaves connections behind
        plain += ["-p", "no:unraisableexception"]
        return [*without, *files, *plain, *self.tests]

    @property
    def _outcomes(self) -> Path:
        return self.log.with_suffix(".json")

    def start(self) -> None:
        self.began = time.monotonic()
        self.pid = os.fork() or self._become_pytest()

    def _become_pytest(self) -> int:
        code = 70
        try:
            os.setpgid(0, 0)
            signal.alarm(LIMIT + 2 * len(self.tests))
            log = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = pytest.main(self.arguments(), plugins=[plugin])
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.seconds = time.monotonic() - self.began
            self._judge(os.waitstatus_to_exitcode(status))
        return bool(pid)

    def _judge(self, code: int) -> None:
        if self._outcomes.exists():
            self.outcomes = json.loads(self._outcomes.read_text(encoding="utf-8"))
        broken = [
            f"{test}: {one['said']}" for test, one in self.outcomes.items() if one["outcome"] == "broken"
        ]
        if broken:
            self.fault = broken[0]
        elif code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not self.outcomes:
            self.fault = f"pytest ended with {code}: {self.last_words()}"

    def last_words(self) -> str:
        lines = (
            self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        )
        return " ".join(line.strip() for line in lines[-5:])[-400:]

    def kill(self) -> None:
        """With whatever its tests have started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def prepare(kafka: bool) -> None:
    """A migrated database that each run gets a copy of; servers that are there already are used."""
    os.environ["IEUM_DATABASE_URL"] = postgres_url()
    if kafka:
        os.environ["IEUM_KAFKA_BOOTSTRAP"] = kafka_bootstrap()
    databases.NAME = TEMPLATE
    asyncio.run(_fresh(TEMPLATE, "template1"))
    asyncio.run(databases.prepare())


def run_all(runs: Sequence[Run], at_once: int) -> Iterator[Run]:
    """Each run as it ends. Those on the real Kafka share its topics: one at a time."""
    waiting = list(runs)
    running: list[Run] = []
    try:
        while waiting or running:
            while len(running) < at_once and (following := _next(waiting, running)):
                waiting.remove(following)
                asyncio.run(_fresh(following.database, TEMPLATE))
                following.start()
                running.append(following)
            for one in [one for one in running if one.ended()]:
                running.remove(one)
                one.kill()
                asyncio.run(_drop(one.database))
                yield one
            time.sleep(0.02)
    finally:
        for one in running:
            one.kill()
            os.waitpid(one.pid, 0)


def _next(waiting: Sequence[Run], running: Sequence[Run]) -> Run | None:
    busy = any(_on_kafka(one) for one in running)
    return next((one for one in waiting if not (busy and _on_kafka(one))), None)


def _on_kafka(run: Run) -> bool:
    return run.without is not None and run.without.kafka


async def _fresh(database: str, template: str) -> None:
    await _drop(database)
    connection = await asyncpg.connect(postgres_url())
    try:
        await connection.execute(f'create database "{database}" template "{template}"')
    finally:
        await connection.close()
    await roles.prepare(postgres_url(), databases.PASSWORDS, database)


async def _drop(database: str) -> None:
    connection = await asyncpg.connect(postgres_url())
    try:
        await connection.execute(f'drop database if exists "{database}" with (force)')
    finally:
        await connection.close()
