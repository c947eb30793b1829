"""Implementation of `ieum play` and `ieum check`; `ieum demo` plays and checks with the same functions."""

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.table import Table

from tools.demo.check import CheckResult, FigureCheck, check
from tools.demo.clients import stack_addresses
from tools.demo.figures import load_figures
from tools.demo.omissions import Omission
from tools.demo.play import play
from tools.demo.scenario import Scenario, build_scenario
from tools.devstack import status
from tools.devstack.console import Terminal, write_stdout
from tools.devstack.errors import StackError
from tools.devstack.state import State, state_at


def play_scenario(folder: Path | None, leave_out: Iterable[str] = ()) -> None:
    """Play the scenario against the stack of this state folder; a second play changes nothing."""
    state, terminal = state_at(folder), Terminal()
    scenario = build_scenario(omissions=parse_omissions(leave_out))
    refuse_other_date(state, scenario)
    clock = status.read(state).clock
    print_duration(asyncio.run(play(scenario, stack_addresses(state), clock, terminal)), scenario, terminal)


def check_figures(folder: Path | None, as_json: bool) -> bool:
    """Compare every figure with the board, print the result and return whether all are right."""
    state, terminal = state_at(folder), Terminal()
    result = asyncio.run(check(load_figures(), stack_addresses(state)))
    print_result(result, as_json, terminal)
    return result.ok


def parse_omissions(leave_out: Iterable[str]) -> frozenset[Omission]:
    """Parse the values of `--leave-out`; raises StackError for an unknown one."""
    try:
        return frozenset(map(Omission, leave_out))
    except ValueError as unknown:
        choices = ", ".join(Omission)
        raise StackError(
            f"--leave-out은 다음 가운데 하나입니다: {choices} / one of these: {unknown}"
        ) from unknown


def refuse_other_date(state: State, scenario: Scenario) -> None:
    """Raise StackError unless the player moves the business clock, or it is pinned to the scenario's last date."""
    current = status.read(state)
    pinned = current.business_date
    if current.clock is None and pinned != scenario.business_date.isoformat():
        raise StackError(
            f"이야기는 업무 기준일 {scenario.business_date}에서 끝나는데, 실행 중인 것은 {pinned or '오늘'}입니다. "
            f"ieum up --date {scenario.business_date}로 시작하십시오.\n"
            f"  The story ends on {scenario.business_date}; start the stack with that date."
        )


def print_duration(seconds: float, scenario: Scenario, terminal: Terminal) -> None:
    terminal.print(
        f"이야기 {scenario.steps:,}단계를 {seconds:.1f}초에 마쳤습니다 / played in {seconds:.1f} s."
    )


def print_result(result: CheckResult, as_json: bool, terminal: Terminal) -> None:
    """Print the table, or the list as JSON, to stdout; the summary always goes to the terminal."""
    if as_json:
        write_stdout(json.dumps([row.as_json() for row in result.rows], ensure_ascii=False, indent=2))
    else:
        Terminal(sys.stdout).show(result_table(result.rows))
    right = sum(row.ok for row in result.rows)
    terminal.print(
        f"{len(result.rows)}개 가운데 {right}개가 문서와 같습니다 / {right} of {len(result.rows)} as the documents "
        f"state (현황판이 따라오는 데 {result.waited_seconds:.1f}초 / the board took so long to catch up)."
    )


def result_table(rows: Iterable[FigureCheck]) -> Table:
    """Build the table figure | expected | shown | ok."""
    table = Table(box=None, header_style="bold")
    table.add_column("숫자 / figure", overflow="fold")
    for title in ("문서 / expected", "현황판 / shown"):
        table.add_column(title, justify="right")
    for title in ("단위 / unit", "기준일 / as of", "같음 / ok"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        cells = row.as_json()
        shown = "–" if cells["shown"] is None else f"{cells['shown']:,}"
        ok = "✓" if row.ok else "[bold red]✗[/]"
        table.add_row(cells["id"], f"{cells['expected']:,}", shown, cells["unit"], cells["as_of"], ok)
    return table
