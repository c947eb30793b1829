"""All checks, and what they say together."""

from dataclasses import dataclass, field

from tests.chaos.checker import (
    books,
    commands,
    dead_letters,
    effects,
    figures,
    hearing,
    losses,
    messages,
    order,
    payments,
    projections,
)
from tests.chaos.checker.evidence import Evidence

MODULES = (
    commands,
    order,
    losses,
    hearing,
    dead_letters,
    effects,
    payments,
    books,
    messages,
    projections,
    figures,
)
CHECKS = {one.__name__.rpartition(".")[2].replace("_", " "): one.check for one in MODULES}


@dataclass
class Verdict:
    violations: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.violations


def judged(evidence: Evidence) -> Verdict:
    verdict = Verdict([f"still moving: {one}" for one in evidence.unrest])
    for name, check in CHECKS.items():
        finding = check(evidence)
        verdict.violations += [f"{name}: {one}" for one in (*finding.violations, *finding.blind())]
        verdict.counted |= {f"{name}: {what}": count for what, count in finding.counted.items()}
    return verdict
