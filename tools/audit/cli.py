"""`ieum audit`: judge an installation and print the verdicts; also what `ieum demo --check` ends with."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError
from rich.table import Table

from tools.audit.catalogue import INVARIANTS
from tools.audit.evidence import GRACE_SECONDS, gathered
from tools.audit.invariant import SHOWN, Invariant, Verdict, judge
from tools.audit.target import Target, find_target, target_of
from tools.devstack.console import Terminal, write_stdout
from tools.devstack.errors import StackError
from tools.devstack.state import State


def audit(database_url: str | None, kafka: str | None, folder: Path | None, as_json: bool) -> bool:
    """Check every invariant and print the verdicts; return whether all hold.

    Raises StackError where there is no installation, or it cannot be reached.
    """
    target, terminal = find_target(database_url, kafka, folder), Terminal()
    try:
        verdicts = asyncio.run(verdicts_on(target))
    except (OSError, asyncpg.PostgresError, KafkaError) as error:
        raise StackError(
            f"데이터베이스나 카프카를 읽지 못했습니다 / the database or Kafka could not be read: {error!r}"
        ) from error
    if as_json:
        write_stdout(json.dumps([verdict.as_json() for verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        show(verdicts, Terminal(sys.stdout))
    summarise(verdicts, terminal)
    return all(verdict.ok for verdict in verdicts)


async def audit_stack(state: State, terminal: Terminal) -> bool:
    """Check every invariant on the stack of this folder, printing to its terminal; return whether all hold."""
    with terminal.step("불변 규칙 확인 / invariants"):
        verdicts = await verdicts_on(target_of(state))
    show(verdicts, terminal)
    summarise(verdicts, terminal)
    return all(verdict.ok for verdict in verdicts)


async def verdicts_on(
    target: Target, grace_seconds: float = GRACE_SECONDS, invariants: Sequence[Invariant] = INVARIANTS
) -> list[Verdict]:
    """Judge the invariants on evidence of one quiet moment."""
    async with gathered(target, grace_seconds) as evidence:
        return await judge(invariants, evidence)


def show(verdicts: Sequence[Verdict], terminal: Terminal) -> None:
    """Print a table of id, rule, counts and verdict; below it the violations and the notes."""
    table = Table(box=None, header_style="bold")
    table.add_column("id", no_wrap=True)
    for title in ("규칙 / rule", "센 것 / counted"):
        table.add_column(title, overflow="fold")
    table.add_column("ok", no_wrap=True)
    for verdict in verdicts:
        invariant = verdict.invariant
        counted = ", ".join(f"{count.n:,} {count.en}" for count in verdict.finding.counts)
        rule = f"{invariant.ko}\n[dim]{invariant.en}[/]"
        table.add_row(invariant.id, rule, counted, "✓" if verdict.ok else "[bold red]✗[/]")
    terminal.show(table)
    for line in _lines(verdicts):
        terminal.print(line)


def _lines(verdicts: Iterable[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        id, finding = verdict.invariant.id, verdict.finding
        yield from (f"{id}: {line}" for line in finding.violations[:SHOWN])
        if finding.broken > SHOWN:
            yield f"{id}: … 모두 {finding.broken:,}건 / {finding.broken:,} in all"
        for count in verdict.vacuous:
            yield f"{id}: 확인할 것이 없었습니다: {count.ko} / nothing to look at: {count.en}"
        yield from (f"{id}: {note}" for note in finding.notes)


def summarise(verdicts: Sequence[Verdict], terminal: Terminal) -> None:
    """Print one line for the person at the terminal."""
    held = sum(verdict.ok for verdict in verdicts)
    terminal.print(
        f"불변 규칙 {len(verdicts)}개 가운데 {held}개가 지켜집니다 / {held} of {len(verdicts)} invariants hold."
    )
