"""`ieum demo`: the stack, the story, then the board; or, with --check, every figure and invariant, and down again."""

import asyncio
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.audit.cli import prove
from tools.demo.check import check
from tools.demo.cli import named, say_played, show
from tools.demo.clients import addresses_of
from tools.demo.figures import load_figures
from tools.demo.play import play
from tools.demo.scenario import Story, tell
from tools.devstack import status
from tools.devstack.cli import show as show_status
from tools.devstack.cli import until_told
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal
from tools.devstack.stack import Stack
from tools.devstack.stack import remove as remove_state
from tools.devstack.state import State, state_at
from tools.devstack.waiting import Work, first_of


def demo(folder: Path | None) -> None:
    """Everything from nothing, then the board until Ctrl-C."""
    state, terminal, story = state_at(folder), Terminal(), tell()
    options = Options(business_date=story.business_date)

    async def shown() -> None:
        await _played(state, story, terminal)
        show_status(status.read(state), terminal)
        terminal.say(
            f"현황판을 여십시오 / open the board: {status.read(state).board}\nCtrl-C로 끝냅니다 / Ctrl-C ends it."
        )
        if sys.stdout.isatty():
            webbrowser.open(status.read(state).board or "")
        await asyncio.Event().wait()

    with state.locked():
        _run(Stack(state, options, terminal), terminal, shown)


def demo_check(folder: Path | None, *, as_json: bool, keep: bool, leave_out: Sequence[str] = ()) -> int:
    """Up on free ports, play, check, verify, down; 0 where all is right."""
    terminal, story = Terminal(), tell(left=named(leave_out))
    options = Options(business_date=story.business_date, pleasant=False)
    right: list[bool] = []

    with _folder(folder, terminal) as (state, remove), state.locked():

        async def checked() -> None:
            await _played(state, story, terminal)
            found = await check(load_figures(), addresses_of(state))
            show(found, as_json, terminal)
            right.append(await prove(state, terminal) and found.ok)

        _run(Stack(state, options, terminal), terminal, checked)
        passed = right == [True]  # empty where it was told to end before
        if passed and not keep:
            remove()
    return 0 if passed else 1


async def _played(state: State, story: Story, terminal: Terminal) -> None:
    say_played(await play(story, addresses_of(state), terminal), story, terminal)


def _run(stack: Stack, terminal: Terminal, work: Callable[[], Work]) -> None:
    """The stack is kept running while the work goes on, and ended with it, or when told to."""

    async def whole() -> None:
        await stack.start()
        await first_of(stack.run(), work())

    asyncio.run(until_told(stack, terminal, whole()))


@contextmanager
def _folder(given: Path | None, terminal: Terminal) -> Iterator[tuple[State, Callable[[], None]]]:
    """The given folder, or one of its own that goes when it is told to; else it is named."""
    state = state_at(given or Path(tempfile.mkdtemp(prefix="ieum-demo-")))
    going: list[bool] = []
    try:
        yield state, lambda: going.append(given is None)
    finally:
        if any(going):
            remove_state(state)
        else:
            terminal.say(f"상태 폴더를 남겼습니다 / the state folder is kept: {state.folder}")
