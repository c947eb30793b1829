"""The verbs `ieum up`, `ieum down`, `ieum status` and `ieum migrate`."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
from rich.table import Table

from shared.observability.logs import without_passwords
from tools.devstack import migrations, orphans, status
from tools.devstack.configuration import Options
from tools.devstack.console import Terminal, write_stdout
from tools.devstack.errors import StackError
from tools.devstack.stack import Stack
from tools.devstack.state import State, state_at
from tools.devstack.status import Status
from tools.devstack.waiting import Work, first_of

STOP_TIMEOUT = 90.0  # seconds: longer than the stop timeout of any process


def up(folder: Path | None, options: Options) -> None:
    """Run the stack in the foreground until Ctrl-C, SIGTERM or `ieum down`."""
    state, terminal = state_at(folder), Terminal()
    with state.locked():
        stack = Stack(state, options, terminal)
        asyncio.run(run_until_signal(stack, terminal, _serve(stack, terminal)))
        terminal.print("모두 끝났습니다 / everything has stopped.")


async def run_until_signal(stack: Stack, terminal: Terminal, work: Work) -> None:
    """Run `work` until it ends, or until Ctrl-C or SIGTERM; then stop the stack, even a half-started one."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await first_of(stopping.wait(), work)
    finally:
        terminal.print("끝내는 중입니다 / stopping …")
        await stack.stop()


async def _serve(stack: Stack, terminal: Terminal) -> None:
    await stack.start()
    print_tables(status.read(stack.state), terminal)
    terminal.print("Ctrl-C로 끝냅니다 / Ctrl-C ends it.")
    await stack.run()


def down(folder: Path | None) -> None:
    """Stop the stack that runs on this state folder, and wait until all of its processes have ended."""
    state, terminal = state_at(folder), Terminal()
    supervisor = _supervisor(state)
    if supervisor:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(STOP_TIMEOUT)
    orphaned = orphans.end_orphans(state.processes)
    state.status.unlink(missing_ok=True)
    if supervisor or orphaned:
        terminal.print("모두 끝났습니다 / everything has stopped.")
    else:
        terminal.print("실행 중인 것이 없습니다 / nothing was running.")


def _supervisor(state: State) -> psutil.Process | None:
    try:
        return orphans.find_running(status.read(state).supervisor)
    except StackError:
        return None  # nothing runs: that is what `down` wants


def migrate(folder: Path | None) -> None:
    """Migrate the schemas of the stack that runs on this state folder, as their owners."""
    owners = status.read(state_at(folder)).owners
    with Terminal().step("데이터베이스 구조 / migrations"):
        asyncio.run(migrations.migrate_all(owners))


def print_status(folder: Path | None, as_json: bool) -> None:
    """Print the addresses and the processes as tables or as JSON, without passwords."""
    current = status.read(state_at(folder))
    if as_json:
        write_stdout(without_passwords(current.as_json()))
    else:
        print_tables(current, Terminal(sys.stdout))


def print_tables(current: Status, terminal: Terminal) -> None:
    """Print the addresses and the processes as two tables."""
    addresses = Table("주소 / address", "", box=None, header_style="bold")
    for name, address in _addresses(current):
        addresses.add_row(name, address)
    processes = Table(box=None, header_style="bold")
    for heading in (
        "프로세스 / process",
        "pid",
        "포트 / port",
        "재시작 / restarts",
        "준비 / ready",
        "역할 / roles",
    ):
        processes.add_column(heading, no_wrap=True)
    for process in current.processes:
        ready = {None: "–", True: "예 / yes", False: "아니오 / no"}[process.ready]
        roles = " ".join(process.roles)
        processes.add_row(
            process.name, str(process.pid), str(process.port or "–"), str(process.restarts), ready, roles
        )
    terminal.show(addresses, processes)


def _addresses(current: Status) -> Iterator[tuple[str, str]]:
    yield "현황판 / board", current.board or "–"
    yield from ((f"API {service}", f"{url}/openapi.json") for service, url in current.apis.items())
    yield "메일함 / mails", current.inbox["mail"]
    yield "문자함 / SMS", current.inbox["sms"]
    yield "SMTP", current.inbox["smtp"]
    yield f"{current.kafka['kind']}, 브로커 {current.kafka['brokers']}대", current.kafka["bootstrap"]
    yield "PostgreSQL", next(iter(current.databases.values())).rpartition("@")[2]
    yield "업무 기준일 / business date", current.business_date or "오늘 / today"
