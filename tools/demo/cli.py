"""What `ieum play` and `ieum check` do; `ieum demo` plays and checks with the same functions."""

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.table import Table

from tools.demo.check import Checked, Row, check
from tools.demo.clients import addresses_of
from tools.demo.figures import load_figures
from tools.demo.omissions import Left
from tools.demo.play import play
from tools.demo.scenario import Story, tell
from tools.devstack import status
from tools.devstack.console import Terminal, output
from tools.devstack.errors import StackError
from tools.devstack.state import State, state_at


def play_story(folder: Path | None, leave_out: Iterable[str] = ()) -> None:
    """Play the story against the stack of this folder; played before, it is only looked at."""
    state, terminal = state_at(folder), Terminal()
    story = tell(left=named(leave_out))
    refuse_other_date(state, story)
    say_played(asyncio.run(play(story, addresses_of(state), terminal)), story, terminal)


def check_figures(folder: Path | None, as_json: bool) -> bool:
    """Compare every figure with the board; tell whether all are right."""
    state, terminal = state_at(folder), Terminal()
    checked = asyncio.run(check(load_figures(), addresses_of(state)))
    show(checked, as_json, terminal)
    return checked.ok


def named(leave_out: Iterable[str]) -> frozenset[Left]:
    """The choices by name; raises StackError for one that there is not."""
    try:
        return frozenset(map(Left, leave_out))
    except ValueError as unknown:
        choices = ", ".join(Left)
        raise StackError(
            f"--leave-out은 다음 가운데 하나입니다: {choices} / one of these: {unknown}"
        ) from unknown


def refuse_other_date(state: State, story: Story) -> None:
    """The story ends on its own date; with another clock its deadlines would be told differently."""
    now = status.read(state).business_date
    if now != story.business_date.isoformat():
        raise StackError(
            f"이야기는 업무 기준일 {story.business_date}에서 끝나는데, 실행 중인 것은 {now or '오늘'}입니다. "
            f"ieum up --date {story.business_date}로 시작하십시오.\n"
            f"  The story ends on {story.business_date}; start the stack with that date."
        )


def say_played(seconds: float, story: Story, terminal: Terminal) -> None:
    terminal.say(f"이야기 {story.steps:,}단계를 {seconds:.1f}초에 마쳤습니다 / played in {seconds:.1f} s.")


def show(checked: Checked, as_json: bool, terminal: Terminal) -> None:
    """The table for a person, or the list for a machine; the summary goes to the person either way."""
    if as_json:
        output(json.dumps([row.as_json() for row in checked.rows], ensure_ascii=False, indent=2))
    else:
        Terminal(sys.stdout).show(table(checked.rows))
    right = sum(row.ok for row in checked.rows)
    terminal.say(
        f"{len(checked.rows)}개 가운데 {right}개가 문서와 같습니다 / {right} of {len(checked.rows)} as the documents "
        f"state (현황판이 따라오는 데 {checked.waited_seconds:.1f}초 / the board took so long to catch up)."
    )


def table(rows: Iterable[Row]) -> Table:
    """figure | expected | shown | ok."""
    made = Table(box=None, header_style="bold")
    made.add_column("숫자 / figure", overflow="fold")
    for title in ("문서 / expected", "현황판 / shown"):
        made.add_column(title, justify="right")
    for title in ("단위 / unit", "기준일 / as of", "같음 / ok"):
        made.add_column(title, no_wrap=True)
    for row in rows:
        said = row.as_json()
        shown = "–" if said["shown"] is None else f"{said['shown']:,}"
        ok = "✓" if row.ok else "[bold red]✗[/]"
        made.add_row(said["id"], f"{said['expected']:,}", shown, said["unit"], said["as_of"], ok)
    return made
