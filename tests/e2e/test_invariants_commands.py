"""`ieum verify` and `ieum rebuild` against a real run: what they print, and what they exit with."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.projections.projection import tables_of
from tests.e2e.damages import DAMAGES, Damage
from tests.e2e.installation import ALL, DAMAGED, PRISTINE, copy, do, owners, red, state_of
from tools.audit.rebuild import rebuild
from tools.audit.target import Target
from tools.cli import app

pytestmark = pytest.mark.connected


async def test_a_rebuild_puts_right_what_was_altered(target: Target) -> None:
    await copy(PRISTINE, DAMAGED)
    altered = next(damage for damage in DAMAGES if damage.name == "a cell of a projection is altered")
    await do(altered, DAMAGED)
    damaged = replace(target, owners=owners(DAMAGED))

    swapped = await rebuild(damaged, swap=True)

    assert [one.table for one in swapped.tables if one.differing] == ["company_row"]
    assert await red(damaged) == {}
    assert (await rebuild(damaged)).equal


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
    assert "I8: money_rollup" in verified.stdout
    assert re.search(r"money_rollup\s+\d+\s+\d+\s+[1-9]", rebuilt.stdout), rebuilt.stdout


async def test_a_rebuild_of_nothing_fails(target: Target, tmp_path: Path) -> None:
    await copy(PRISTINE, DAMAGED)
    nothing = "truncate projection_offset, " + ", ".join(TABLES)
    await do(Damage("no rows", "monitoring", nothing, frozenset()), DAMAGED)
    folder = str(state_of(replace(target, owners=owners(DAMAGED)), tmp_path / "state").folder)

    rebuilt = await ieum("rebuild", "--verify", "--state", folder)

    assert rebuilt.exit_code == 1
    assert re.search(r"case_row\s+0\s+0\s+0", rebuilt.stdout), rebuilt.stdout


TABLES = [columns.table for columns in tables_of(PROJECTIONS)]
