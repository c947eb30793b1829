"""`ieum rebuild`: run the role `rebuild` of monitoring against the running stack, and show its outcome."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from tools.devstack import status
from tools.devstack.console import Terminal
from tools.devstack.errors import StackError
from tools.devstack.services import MONITORING
from tools.devstack.state import State, state_at


def rebuild_board(folder: Path | None, switch: bool) -> bool:
    """Rebuild the board of the stack that runs on the folder; return whether nothing differs, or it was switched."""
    return asyncio.run(rebuild(state_at(folder), Terminal(), switch))


async def rebuild(state: State, terminal: Terminal, switch: bool = False) -> bool:
    """Run the role as the owner of monitoring's schema; raises StackError where it fails."""
    with terminal.step("현황을 다시 만드는 중 / rebuilding the board"):
        outcome = await _run(state, ["--switch"] if switch else [])
    terminal.show(_table(outcome))
    terminal.print(_summary(outcome, switch))
    return switch or bool(outcome["equal"])


async def _run(state: State, options: list[str]) -> dict[str, Any]:
    stack = status.read(state)
    environment = {
        **os.environ,
        "IEUM_DATABASE_URL": stack.owners[MONITORING],
        "IEUM_KAFKA_BOOTSTRAP": str(stack.kafka["bootstrap"]),
        "IEUM_LOG_LEVEL": "WARNING",
    }
    command = (sys.executable, "-m", f"services.{MONITORING}", "rebuild", *options)
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, env=environment, **pipes)  # type: ignore[arg-type]  # both are pipes
    output, errors = await process.communicate()
    if not output:
        last_lines = " ".join(errors.decode(errors="replace").splitlines()[-3:])
        raise StackError(f"다시 만들지 못했습니다 / the rebuild failed: {last_lines}")
    result: dict[str, Any] = json.loads(output)
    return result


def _table(outcome: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("표 / table")
    for title in ("현재 / live", "다시 만든 것 / rebuilt", "다름 / differing"):
        table.add_column(title, justify="right")
    for row in outcome["tables"]:
        differing = f"[bold red]{row['differing']:,}[/]" if row["differing"] else "0"
        table.add_row(row["table"], f"{row['live']:,}", f"{row['rebuilt']:,}", differing)
    return table


def _summary(outcome: dict[str, Any], switch: bool) -> str:
    records = outcome["records"]
    folded = f"기록 {records:,}건을 처음부터 다시 접었습니다 / {records:,} records folded anew"
    if switch:
        return f"{folded}; 현황을 바꾸었습니다 / the board was switched."
    if not any(row["rebuilt"] for row in outcome["tables"]):
        return f"{folded}; 견줄 것이 없습니다 / there is nothing to compare."
    return f"{folded}; {'모두 같습니다 / nothing differs.' if outcome['equal'] else '다릅니다 / it differs.'}"
