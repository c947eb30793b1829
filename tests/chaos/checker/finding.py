"""What one check says of the evidence."""

from collections.abc import Iterator
from dataclasses import dataclass


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
