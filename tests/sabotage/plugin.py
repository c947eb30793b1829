"""A pytest plugin that removes a guard before the tests run: `pytest -p tests.sabotage.plugin --without GUARD …`."""

import json
import logging
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from tests import databases
from tests.sabotage.guards import GUARDS
from tests.sabotage.removals import NotThere
from tests.sources import ROOT

SITE = Path(__file__).with_name("site")
FAULTS = (NotThere, NameError, AttributeError, TypeError, SyntaxError, ImportError, TimeoutError)
"""What says that the removal itself is broken, or the machine too busy; not that a test has noticed it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sabotage")
    group.addoption("--without", metavar="GUARD", help="the guard of tests/sabotage that is removed")
    group.addoption("--outcomes", metavar="FILE", help="where each test's outcome is written, as JSON")
    group.addoption("--prepared", metavar="DATABASE", help="a database that is migrated already")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[OUTCOMES] = {}
    if config.option.prepared:
        databases.NAME = config.option.prepared
        databases.prepare = nothing_more
    if name := config.option.without:
        remove(name)


def remove(name: str) -> None:
    if name not in GUARDS:
        raise pytest.UsageError(f"there is no guard {name}; there are: {', '.join(GUARDS)}")
    removal = GUARDS[name].removal
    # What fails is meant to: its traceback, drawn in colours with all that stood in it, takes seconds.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        removal.apply()
    except NotThere as gone:
        raise pytest.UsageError(str(gone)) from gone
    # Python itself runs site/sitecustomize.py in every process that a test starts.
    os.environ |= {"SABOTAGE_WITHOUT": name, "PYTHONPATH": os.pathsep.join([str(SITE), str(ROOT)])}
    prepare = databases.prepare

    async def prepare_and_remove() -> None:
        await prepare()
        await change_schemas(removal.sql)

    databases.prepare = prepare_and_remove


async def nothing_more() -> None:
    """Whoever prepared the database has done it all."""


async def change_schemas(statements: tuple[tuple[str, str], ...]) -> None:
    for service, sql in statements:
        connection = await databases.admin()
        try:
            await connection.execute(f"set search_path = {service}")
            await connection.execute(sql)
        except asyncpg.PostgresError as error:
            raise NotThere(f"the schema has no such guard ({service}): {error}") from error
        finally:
            await connection.close()


# Outcomes, for whoever started this run.

OUTCOMES = pytest.StashKey[dict[str, dict[str, str]]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    outcomes = item.config.stash[OUTCOMES]
    if call.excinfo is not None and not report.skipped:
        broken = call.when != "call" or isinstance(call.excinfo.value, FAULTS)
        outcomes[item.nodeid] = {"outcome": "broken" if broken else "red", "said": in_short(call.excinfo)}
    elif report.skipped or call.when == "call":
        outcomes[item.nodeid] = {"outcome": "skipped" if report.skipped else "green", "said": ""}
    return report


def in_short(failure: pytest.ExceptionInfo[BaseException]) -> str:
    """What failed: the error's first line, or the assertion as it stands in the test."""
    said = str(failure.value).strip().partition("\n")[0] or str(failure.traceback[-1].statement).strip()
    return f"{failure.typename}: {said}"[:300]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if file := session.config.option.outcomes:
        Path(file).write_text(json.dumps(session.config.stash[OUTCOMES]), encoding="utf-8")
