"""What `ieum up`, `ieum down` and `ieum status` do."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
from rich.table import Table

from shared.observability.logs import without_passwords
from tools.devstack import orphans, status
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal, output
from tools.devstack.errors import StackError
from tools.devstack.stack import Stack
from tools.devstack.state import State, state_at
from tools.devstack.status import Status
from tools.devstack.waiting import Work, first_of

PATIENCE = 90.0  # seconds: longer than any process has to end


def up(folder: Path | None, options: Options) -> None:
    """Run the stack in the foreground until Ctrl-C, SIGTERM or `ieum down`."""
    state, terminal = state_at(folder), Terminal()
    with state.locked():
        stack = Stack(state, options, terminal)
        asyncio.run(until_told(stack, terminal, _serve(stack, terminal)))
        terminal.say("모두 끝났습니다 / everything has stopped.")


async def until_told(stack: Stack, terminal: Terminal, work: Work) -> None:
    """Do the work until it ends, or until Ctrl-C or SIGTERM; then stop the stack, however far it has started."""
    told = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, told.set)
    try:
        await first_of(told.wait(), work)
    finally:
        terminal.say("끝내는 중입니다 / stopping …")
        await stack.stop()


async def _serve(stack: Stack, terminal: Terminal) -> None:
    await stack.start()
    show(status.read(stack.state), terminal)
    terminal.say("Ctrl-C로 끝냅니다 / Ctrl-C ends it.")
    await stack.run()


def down(folder: Path | None) -> None:
    """End the stack that runs on this folder, and wait until nothing of it is left."""
    state, terminal = state_at(folder), Terminal()
    supervisor = _supervisor(state)
    if supervisor:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(PATIENCE)
    left = orphans.end_leftovers(state.processes)
    state.status.unlink(missing_ok=True)
    if supervisor or left:
        terminal.say("모두 끝났습니다 / everything has stopped.")
    else:
        terminal.say("실행 중인 것이 없습니다 / nothing was running.")


def _supervisor(state: State) -> psutil.Process | None:
    try:
        return orphans.same(status.read(state).supervisor)
    except StackError:
        return None  # nothing runs: that is what `down` wants


def print_status(folder: Path | None, as_json: bool) -> None:
    """Print the addresses and the processes, as a table or as JSON; the passwords stay in the state folder."""
    now = status.read(state_at(folder))
    if as_json:
        output(without_passwords(now.as_json()))
    else:
        show(now, Terminal(sys.stdout))


def show(now: Status, terminal: Terminal) -> None:
    """Print the addresses and the processes as tables for a person."""
    where = Table("주소 / address", "", box=None, header_style="bold")
    for name, address in _addresses(now):
        where.add_row(name, address)
    what = Table(box=None, header_style="bold")
    for heading in (
        "프로세스 / process",
        "pid",
        "포트 / port",
        "재시작 / restarts",
        "준비 / ready",
        "역할 / roles",
    ):
        what.add_column(heading, no_wrap=True)
    for one in now.processes:
        ready = {None: "–", True: "예 / yes", False: "아니오 / no"}[one.ready]
        roles = " ".join(one.roles)
        what.add_row(one.name, str(one.pid), str(one.port or "–"), str(one.restarts), ready, roles)
    terminal.show(where, what)


def _addresses(now: Status) -> Iterator[tuple[str, str]]:
    yield "현황판 / board", now.board or "–"
    yield from ((f"API {service}", f"{url}/openapi.json") for service, url in now.apis.items())
    yield "메일함 / mails", now.inbox["mail"]
    yield "문자함 / SMS", now.inbox["sms"]
    yield "SMTP", now.inbox["smtp"]
    yield f"{now.kafka['kind']}, 브로커 {now.kafka['brokers']}대", now.kafka["bootstrap"]
    yield "PostgreSQL", next(iter(now.databases.values())).rpartition("@")[2]
    yield "업무 기준일 / business date", now.business_date or "오늘 / today"
