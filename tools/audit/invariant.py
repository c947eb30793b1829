"""Invariants and their verdicts: how much was looked at, and each violation in words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

from tools.audit.evidence import Evidence

SHOWN = 10  # violations that a person is shown
LIMIT = 10_000  # violations of one invariant that stay in memory; the rest is counted


@dataclass(frozen=True)
class Count:
    """How many of something were looked at; where there must be some (`needed`), none proves nothing."""

    n: int
    ko: str
    en: str
    needed: bool = True


@dataclass(frozen=True)
class Finding:
    """Finding of a check: counts, the first violations of `broken` in all, and notes that are no violations."""

    counts: Sequence[Count]
    violations: Sequence[str]
    broken: int
    notes: Sequence[str] = ()


class Violations:
    """Counts violations and keeps the first ones."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.count = 0

    def add(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.count += 1
            if self.count <= LIMIT:
                self.first.append(line)

    async def stream(self, lines: AsyncIterator[str]) -> None:
        async for line in lines:
            self.add([line])


def finding(counts: Sequence[Count], *violations: Iterable[str], notes: Sequence[str] = ()) -> Finding:
    """Return what a check found in all its parts."""
    found = Violations()
    for lines in violations:
        found.add(lines)
    return Finding(counts, found.first, found.count, notes)


@dataclass(frozen=True)
class Invariant:
    """A sentence that must always be true, and its check."""

    id: str
    ko: str
    en: str
    check: Callable[[Evidence], Awaitable[Finding]]


@dataclass(frozen=True)
class Verdict:
    """The finding on one invariant."""

    invariant: Invariant
    finding: Finding

    @property
    def ok(self) -> bool:
        """No violation, and something was looked at in every respect."""
        return not self.finding.broken and not self.vacuous

    @property
    def vacuous(self) -> list[Count]:
        """The counts that are zero though something should have been there."""
        return [count for count in self.finding.counts if count.needed and not count.n]

    def as_json(self) -> dict[str, Any]:
        """Return it as `ieum audit --json` lists it; `violations` are the first ten of `broken`."""
        return {
            "id": self.invariant.id,
            "name_ko": self.invariant.ko,
            "name_en": self.invariant.en,
            "counted": [{"n": count.n, "ko": count.ko, "en": count.en} for count in self.finding.counts],
            "broken": self.finding.broken,
            "violations": list(self.finding.violations[:SHOWN]),
            "notes": list(self.finding.notes),
            "ok": self.ok,
        }


async def judge(invariants: Sequence[Invariant], evidence: Evidence) -> list[Verdict]:
    """Check each invariant on the same evidence; a check that raises does not end the others."""
    return [Verdict(invariant, await _checked(invariant, evidence)) for invariant in invariants]


async def _checked(invariant: Invariant, evidence: Evidence) -> Finding:
    try:
        async with (
            evidence.database.connection.transaction()
        ):  # a savepoint: a failed query ends no other one
            return await invariant.check(evidence)
    except Exception as error:
        *_, frame = extract_tb(error.__traceback__)
        where = (
            f"{type(error).__name__}, {Path(frame.filename).name}:{frame.lineno}"  # its text may be personal
        )
        return finding([], [f"판정하지 못했습니다({where}) / could not be judged"])
