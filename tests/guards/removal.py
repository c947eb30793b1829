"""Remove a guard in a copy of a migrated database, and run the tests against the copy in a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from xml.etree import ElementTree

import asyncpg

from deploy.postgres import roles
from tests.databases import PASSWORDS, drop, nested_run
from tests.guards.table import Guard
from tests.sources import ROOT
from tests.stack import postgres_url

TEMPLATE = "ieum_guards"
TIMEOUT = 600.0  # seconds, on a machine with other work
NOTICED = ("assert ", "AssertionError", "Failed: DID NOT RAISE", "asyncpg.exceptions.DeadlockDetectedError")
"""Beginnings of the failures that show that a test noticed; with any other error the test itself is broken."""
CREATING = Lock()  # PostgreSQL refuses two changes of one role at a time, and copies of a template in use


def outcomes(database: str, guard: Guard | None, tests: Sequence[str], folder: Path) -> Mapping[str, str]:
    """Run the tests without the guard; return by name how each failed, or an empty text where it passed.

    Raises asyncpg.PostgresError where the SQL no longer applies, AssertionError where the tests did not run.
    """
    with CREATING:
        asyncio.run(create_copy(database, guard))
    try:
        return run_pytest(database, tests, folder / f"{database}.xml")
    finally:
        asyncio.run(drop(database))


def run_pytest(database: str, tests: Sequence[str], report: Path) -> Mapping[str, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | nested_run(database),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout[-3_000:] + ran.stderr[-3_000:]
    return {case.attrib["name"]: failure(case) for case in ElementTree.parse(report).iter("testcase")}


def failure(case: ElementTree.Element) -> str:
    """Return the message of a failed assertion. Raises AssertionError for a test that did not run or is broken."""
    assert case.find("skipped") is None, f"{case.attrib['name']} was skipped"
    problem = next((found for kind in ("error", "failure") if (found := case.find(kind)) is not None), None)
    if problem is None:
        return ""
    message = problem.attrib["message"]
    assert problem.tag == "failure", f"{case.attrib['name']} did not run: {message}"
    assert message.startswith(NOTICED), f"{case.attrib['name']} is broken: {message}"
    return message


async def create_copy(database: str, guard: Guard | None) -> None:
    await drop(database)
    await execute(postgres_url(), f'create database "{database}" template "{TEMPLATE}"')
    await roles.prepare(postgres_url(), PASSWORDS, database)  # settings of roles are not copied
    if guard is not None:
        url = roles.with_database(postgres_url(), database)
        await execute(url, f"set search_path = {guard.service}; {guard.sql}")


async def execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
