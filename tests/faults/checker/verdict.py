"""All checks, each by its name, and what they say together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.faults.checker.evidence import Evidence


@dataclass
class Finding:
    """What one check found; what it needs and counted none of is a violation."""

    counted: dict[str, int]
    violations: list[str]
    may_be_none: frozenset[str] = frozenset()

    def blind(self) -> Iterator[str]:
        for what, count in self.counted.items():
            if not count and what not in self.may_be_none:
                yield f"nothing to look at: {what}"


@dataclass
class Verdict:
    violations: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.violations


Check = Callable[[Evidence], Finding]


def all_checks() -> Mapping[str, Check]:
    from tests.faults.checker import commands, losses, order  # the checks know Finding

    return {"order": order.check, "losses": losses.check, "commands": commands.check}


def judged(evidence: Evidence) -> Verdict:
    verdict = Verdict([f"still moving: {one}" for one in evidence.unrest])
    for name, check in all_checks().items():
        finding = check(evidence)
        verdict.violations += [f"{name}: {one}" for one in (*finding.violations, *finding.blind())]
        verdict.counted |= {f"{name}: {what}": count for what, count in finding.counted.items()}
    return verdict
