"""What is asked once all is quiet: the independent checker, the invariants, a rebuild, the figures of the documents."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import checker
from tests.chaos.town import Town
from tools.audit import unpublished_events
from tools.audit.cli import verdicts_on
from tools.audit.invariant import Verdict
from tools.audit.rebuild import rebuild
from tools.audit.target import Target, target_of
from tools.audit.topic_reader import OUTSIDERS
from tools.demo.check import check as figures
from tools.demo.figures import load_figures


@dataclass(frozen=True)
class Answer:
    """What one of them said: how much it looked at, and what is broken."""

    counted: Mapping[str, int]
    violations: list[str]


async def all_verdicts(town: Town, history: Path, *, with_figures: bool) -> dict[str, Answer]:
    """Each by itself: one that fails to answer is a violation, and the others are still asked."""
    target = target_of(town.state)
    questions: dict[str, Callable[[], Awaitable[Answer]]] = {
        "checker": lambda: _checker(target, town, history),
        "invariants": lambda: _invariants(target, town),
        "rebuild": lambda: _rebuild(target),
    }
    if with_figures:
        questions["figures"] = lambda: _figures(town)
    return {name: await _answered(ask) for name, ask in questions.items()}


async def _answered(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await ask()
    except Exception as error:
        return Answer({}, [f"no answer: {error!r}"])


async def _checker(target: Target, town: Town, history: Path) -> Answer:
    inbox = town.state.folder / "inbox"
    said = await checker.check(target.kafka, target.owners, history, inbox=inbox)
    return Answer(said.counted, list(said.violations))


async def _invariants(target: Target, town: Town) -> Answer:
    verdicts = await verdicts_on(target)
    ours = [place for place in town.injected.places if not place[0].startswith(OUTSIDERS)]
    known = {f"{topic}/{partition}@{offset}" for topic, partition, offset in ours}
    broken = [line for one in verdicts for line in _broken(one, known)]
    return Answer(
        {one.invariant.id: sum(count.n for count in one.finding.counts) for one in verdicts}, broken
    )


def _broken(verdict: Verdict, known: set[str]) -> list[str]:
    """What we ourselves put onto our topics is no phantom; each of these must have been seen as one."""
    found = list(verdict.finding.violations)
    blind = [f"nothing to look at: {count.en}" for count in verdict.blind]
    if verdict.invariant is unpublished_events.INVARIANT:
        seen = {line.partition(": ")[0] for line in found} & known
        found = [line for line in found if line.partition(": ")[0] not in known]
        found += [f"{place}: injected, and not found" for place in sorted(known - seen)]
    return [f"{verdict.invariant.id}: {line}" for line in [*found, *blind]]


async def _rebuild(target: Target) -> Answer:
    rebuilt = await rebuild(target)
    differing = [
        f"{one.table}: {one.differing} of {one.live} live and {one.rebuilt} rebuilt rows differ"
        for one in rebuilt.tables
        if one.differing
    ]
    counted = {
        "records": rebuilt.records,
        "dead": rebuilt.dead,
        "rows": sum(one.live for one in rebuilt.tables),
    }
    return Answer(counted, differing if rebuilt.records else ["nothing to rebuild"])


async def _figures(town: Town) -> Answer:
    """Those of the documents, which a run without faults shows."""
    checked = await figures(load_figures(), town.addresses())
    wrong = [
        f"{row.figure.id}: {row.figure.value} in the documents, shown {row.as_json()['shown']}"
        for row in checked.rows
        if not row.ok
    ]
    return Answer({"figures": len(checked.rows)}, wrong)
