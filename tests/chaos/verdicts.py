"""Judge the stack once all is quiet: the auditor with the checks of a run, a rebuild, the documents' figures."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.chaos import checks
from tests.chaos.checks.journals import accepted_in
from tests.chaos.history import read
from tests.chaos.stack_under_test import StackUnderTest
from tools.audit import unpublished_events
from tools.audit.catalogue import INVARIANTS
from tools.audit.cli import verdicts_on
from tools.audit.contract import EXTERNAL_PREFIX, MONITORING
from tools.audit.invariant import Verdict
from tools.audit.target import target_of
from tools.demo.check import check as compare_figures
from tools.demo.figures import load_figures


@dataclass(frozen=True)
class Judgement:
    """How much one judge looked at, and each violation."""

    counted: Mapping[str, int]
    violations: list[str]


async def all_judgements(stack: StackUnderTest, history: Path, *, with_figures: bool) -> dict[str, Judgement]:
    """Ask each judge; one that fails is a violation, and the others are still asked."""
    judges: dict[str, Callable[[], Awaitable[Judgement]]] = {
        "rebuild": lambda: _rebuild(stack),
        "audit": lambda: _audit(stack, history),
    }
    if with_figures:
        judges["figures"] = lambda: _figures(stack)
    return {name: await _judged(judge) for name, judge in judges.items()}


async def _judged(judge: Callable[[], Awaitable[Judgement]]) -> Judgement:
    try:
        return await judge()
    except Exception as error:
        return Judgement({}, [f"no answer: {error!r}"])


async def _rebuild(stack: StackUnderTest) -> Judgement:
    """Rebuild the projections in the service's own role, which stores its verdict for the auditor."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.monitoring", "rebuild",
        env=stack.owner_environment(MONITORING), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    outcome = orjson.loads(printed[printed.rfind(b"\n{\n") + 1 :])  # log lines may stand before it
    violations = [] if process.returncode == 0 else [f"the rebuild differs: {outcome}"]
    return Judgement({name: n for name, n in outcome.items() if type(n) is int}, violations)


async def _audit(stack: StackUnderTest, history: Path) -> Judgement:
    accepted = accepted_in(stack.state.folder / "inbox")
    invariants = [*INVARIANTS, *checks.invariants(list(read(history)), accepted)]
    verdicts = await verdicts_on(target_of(stack.state), invariants=invariants)
    ours = [at for at in stack.injected.positions if not at[0].startswith(EXTERNAL_PREFIX)]
    known = {f"{topic}/{partition}@{offset}" for topic, partition, offset in ours}
    counted = {verdict.invariant.id: sum(count.n for count in verdict.finding.counts) for verdict in verdicts}
    return Judgement(counted, [line for verdict in verdicts for line in _violations(verdict, known)])


def _violations(verdict: Verdict, known: set[str]) -> list[str]:
    """An injected record on a topic of ours is no violation of I5, but each must have been reported there."""
    lines = list(verdict.finding.violations)
    vacuous = [f"nothing to look at: {count.en}" for count in verdict.vacuous]
    if verdict.invariant is unpublished_events.INVARIANT:
        reported = {line.partition(": ")[0] for line in lines} & known
        lines = [line for line in lines if line.partition(": ")[0] not in known]
        lines += [f"{position}: injected, and not reported" for position in sorted(known - reported)]
    return [f"{verdict.invariant.id}: {line}" for line in [*lines, *vacuous]]


async def _figures(stack: StackUnderTest) -> Judgement:
    """Compare with the documents' figures, which a run without faults shows."""
    checked = await compare_figures(load_figures(), stack.addresses())
    wrong = [
        f"{row.figure.id}: {row.figure.value} in the documents, shown {row.as_json()['shown']}"
        for row in checked.rows
        if not row.ok
    ]
    return Judgement({"figures": len(checked.rows)}, wrong)
