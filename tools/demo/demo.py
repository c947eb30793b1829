"""`ieum demo`: start the stack, play the scenario, open the board; with --check, check figures and invariants, then stop."""

import asyncio
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.audit.cli import audit_stack
from tools.demo.check import check
from tools.demo.cli import parse_omissions, print_duration, print_result
from tools.demo.clients import stack_addresses
from tools.demo.figures import load_figures
from tools.demo.play import play
from tools.demo.scenario import Scenario, build_scenario
from tools.devstack import status
from tools.devstack.cli import print_tables as show_status
from tools.devstack.cli import run_until_signal
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal
from tools.devstack.rebuild import rebuild
from tools.devstack.stack import Stack
from tools.devstack.stack import remove as remove_state
from tools.devstack.state import State, state_at
from tools.devstack.waiting import Work, first_of


def demo(folder: Path | None) -> None:
    """Start everything, play the scenario and serve the board until Ctrl-C."""
    state, terminal, scenario = state_at(folder), Terminal(), build_scenario()
    options = Options(clock_starts_at=scenario.starts_at)

    async def play_and_open() -> None:
        await _play(state, scenario, terminal)
        show_status(status.read(state), terminal)
        terminal.print(
            f"현황판을 여십시오 / open the board: {status.read(state).board}\nCtrl-C로 끝냅니다 / Ctrl-C ends it."
        )
        if sys.stdout.isatty():
            webbrowser.open(status.read(state).board or "")
        await asyncio.Event().wait()

    with state.locked():
        _run(Stack(state, options, terminal), terminal, play_and_open)


def demo_check(folder: Path | None, *, as_json: bool, keep_state: bool, leave_out: Sequence[str] = ()) -> int:
    """Start on free ports, play, check, rebuild, audit, stop; return 0 if figures, rebuilt rows and invariants hold."""
    terminal, scenario = Terminal(), build_scenario(omissions=parse_omissions(leave_out))
    options = Options(clock_starts_at=scenario.starts_at, preferred_ports=False)
    results: list[bool] = []

    with _folder(folder, terminal) as (state, remove), state.locked():

        async def play_and_check() -> None:
            await _play(state, scenario, terminal)
            result = await check(load_figures(), stack_addresses(state))
            print_result(result, as_json, terminal)
            equal = await rebuild(state, terminal)
            results.append(await audit_stack(state, terminal) and equal and result.ok)

        _run(Stack(state, options, terminal), terminal, play_and_check)
        passed = results == [True]  # empty where a signal ended the run before
        if passed and not keep_state:
            remove()
    return 0 if passed else 1


async def _play(state: State, scenario: Scenario, terminal: Terminal) -> None:
    clock = status.read(state).clock
    print_duration(await play(scenario, stack_addresses(state), clock, terminal), scenario, terminal)


def _run(stack: Stack, terminal: Terminal, work: Callable[[], Work]) -> None:
    """Run the stack while the work goes on; stop it when the work ends or a signal arrives."""

    async def start_and_work() -> None:
        await stack.start()
        await first_of(stack.run(), work())

    asyncio.run(run_until_signal(stack, terminal, start_and_work()))


@contextmanager
def _folder(folder: Path | None, terminal: Terminal) -> Iterator[tuple[State, Callable[[], None]]]:
    """Yield the state and a function that marks a temporary folder for removal; print the path of a folder that stays."""
    state = state_at(folder or Path(tempfile.mkdtemp(prefix="ieum-demo-")))
    removals: list[bool] = []
    try:
        yield state, lambda: removals.append(folder is None)
    finally:
        if any(removals):
            remove_state(state)
        else:
            terminal.print(f"상태 폴더를 남겼습니다 / the state folder is kept: {state.folder}")
