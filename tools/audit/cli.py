"""What `ieum verify` and `ieum rebuild` do, and the proof that `ieum demo --check` ends with."""

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from shared.garbage import tune_garbage_collection
from shared.projections.rebuild import RebuildResult
from tools.audit.catalogue import INVARIANTS
from tools.audit.evidence import GRACE_SECONDS, gathered
from tools.audit.invariant import SHOWN, Verdict, judge
from tools.audit.rebuild import rebuild
from tools.audit.target import Target, target_of
from tools.devstack.console import Terminal, output
from tools.devstack.errors import StackError
from tools.devstack.state import State, state_at


def verify(folder: Path | None, as_json: bool) -> bool:
    """Check every invariant against the stack of this folder; tell whether all hold."""
    state, terminal = state_at(folder), Terminal()
    verdicts = asyncio.run(verdicts_on(target_of(state)))
    if as_json:
        output(json.dumps([verdict.as_json() for verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        show(verdicts, Terminal(sys.stdout))
    summarise(verdicts, terminal)
    return all(verdict.ok for verdict in verdicts)


async def prove(state: State, terminal: Terminal) -> bool:
    """The same, told to the terminal of who runs the stack."""
    with terminal.step("불변 규칙 확인 / invariants"):
        verdicts = await verdicts_on(target_of(state))
    show(verdicts, terminal)
    summarise(verdicts, terminal)
    return all(verdict.ok for verdict in verdicts)


async def verdicts_on(target: Target, grace_seconds: float = GRACE_SECONDS) -> list[Verdict]:
    """Every invariant, against evidence of one quiet moment."""
    async with gathered(target, grace_seconds) as evidence:
        return await judge(INVARIANTS, evidence)


def rebuild_board(folder: Path | None, swap: bool) -> bool:
    """Fold every topic anew and compare; tell whether nothing differs, or with `swap` whether there was something."""
    tune_garbage_collection()
    rebuilt = asyncio.run(rebuild(target_of(state_at(folder)), swap=swap))
    Terminal(sys.stdout).show(rebuilt_table(rebuilt))
    Terminal().say(_said(rebuilt, swap))
    return rebuilt.equal or (swap and any(one.rebuilt for one in rebuilt.tables))


def refuse_both(verify: bool, swap: bool) -> None:
    """Raises StackError where both are asked for: one compares, the other replaces."""
    if verify and swap:
        raise StackError(
            "--verify는 견주기만 하고 --swap은 바꿉니다. 하나만 고르십시오.\n"
            "  --verify only compares, --swap replaces: choose one."
        )


def show(verdicts: Sequence[Verdict], terminal: Terminal) -> None:
    """id | rule | counted | ok; below it what is broken."""
    table = Table(box=None, header_style="bold")
    table.add_column("id", no_wrap=True)
    for title in ("규칙 / rule", "센 것 / counted"):
        table.add_column(title, overflow="fold")
    table.add_column("ok", no_wrap=True)
    for one in verdicts:
        counted = ", ".join(f"{count.n:,} {count.en}" for count in one.finding.counts)
        rule = f"{one.invariant.ko}\n[dim]{one.invariant.en}[/]"
        table.add_row(one.invariant.id, rule, counted, "✓" if one.ok else "[bold red]✗[/]")
    terminal.show(table)
    for line in _broken(verdicts):
        terminal.say(line)


def _broken(verdicts: Iterable[Verdict]) -> Iterable[str]:
    for one in verdicts:
        found = one.finding.violations
        yield from (f"{one.invariant.id}: {line}" for line in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"{one.invariant.id}: … 모두 {len(found):,}건 / {len(found):,} in all"
        yield from (
            f"{one.invariant.id}: 확인할 것이 없었습니다: {count.ko} / nothing to look at: {count.en}"
            for count in one.blind
        )


def summarise(verdicts: Sequence[Verdict], terminal: Terminal) -> None:
    """One line for the person at the terminal."""
    held = sum(verdict.ok for verdict in verdicts)
    terminal.say(
        f"불변 규칙 {len(verdicts)}개 가운데 {held}개가 지켜집니다 / {held} of {len(verdicts)} invariants hold."
    )


def rebuilt_table(rebuilt: RebuildResult) -> Table:
    """table | live | rebuilt | differing."""
    made = Table(box=None, header_style="bold")
    made.add_column("표 / table")
    for title in ("현재 / live", "다시 만든 것 / rebuilt", "다름 / differing"):
        made.add_column(title, justify="right")
    for one in rebuilt.tables:
        differing = f"[bold red]{one.differing:,}[/]" if one.differing else "0"
        made.add_row(one.table, f"{one.live:,}", f"{one.rebuilt:,}", differing)
    return made


def _said(rebuilt: RebuildResult, swap: bool) -> str:
    folded = (
        f"기록 {rebuilt.records:,}건을 처음부터 다시 접었습니다 / {rebuilt.records:,} records folded anew"
    )
    if not any(one.rebuilt for one in rebuilt.tables):
        return f"{folded}; 견줄 것이 없습니다 / there is nothing to compare."
    if swap:
        return f"{folded}; 현황을 바꾸었습니다 / the board was replaced."
    return f"{folded}; {'모두 같습니다 / nothing differs.' if rebuilt.equal else '다릅니다 / it differs.'}"
