"""What an invariant is, and what was found of it: how much was looked at, and what is broken, in words."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.audit.evidence import Evidence

SHOWN = 10  # violations that a person is shown


@dataclass(frozen=True)
class Count:
    """How many of what were looked at; where there must be some (`needed`), none proves nothing."""

    n: int
    ko: str
    en: str
    needed: bool = True


@dataclass(frozen=True)
class Finding:
    """What a check looked at, and each violation in words, with its ids."""

    counts: Sequence[Count]
    violations: Sequence[str]


@dataclass(frozen=True)
class Invariant:
    """A sentence that must always be true, and its check."""

    id: str
    ko: str
    en: str
    check: Callable[[Evidence], Awaitable[Finding]]


@dataclass(frozen=True)
class Verdict:
    """What became of one invariant."""

    invariant: Invariant
    finding: Finding

    @property
    def ok(self) -> bool:
        """No violation, and something was looked at in every respect."""
        return not self.finding.violations and not self.blind

    @property
    def blind(self) -> list[Count]:
        """The counts that are zero though something should have been there."""
        return [count for count in self.finding.counts if count.needed and not count.n]

    def as_json(self) -> dict[str, Any]:
        """As `ieum verify --json` lists it; `violations` are the first ten of `broken`."""
        return {
            "id": self.invariant.id,
            "name_ko": self.invariant.ko,
            "name_en": self.invariant.en,
            "counted": [{"n": one.n, "ko": one.ko, "en": one.en} for one in self.finding.counts],
            "broken": len(self.finding.violations),
            "violations": list(self.finding.violations[:SHOWN]),
            "ok": self.ok,
        }


async def judge(invariants: Sequence[Invariant], evidence: Evidence) -> list[Verdict]:
    """Each invariant against the same evidence."""
    return [Verdict(one, await one.check(evidence)) for one in invariants]
