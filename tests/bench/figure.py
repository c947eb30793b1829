"""What a benchmark says: a value, what it is held against, their ratio, and whether that reaches the goal."""

import operator
import re
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson

GOAL = re.compile(r"(>=|<=) (\d+(?:\.\d+)?)")
COMPARE = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Figure:
    """`ratio` is value / limit; `goal` is what it must be, such as ">= 0.3", or "" where it is only reported."""

    figure: str
    value: float
    limit: float
    unit: str
    goal: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.limit if self.limit else 0.0

    @property
    def ok(self) -> bool:
        """Raises ValueError for a goal that is none."""
        if not self.goal:
            return True
        if (found := GOAL.fullmatch(self.goal)) is None:
            raise ValueError(f"no goal: {self.goal!r}")
        return bool(COMPARE[found[1]](self.ratio, float(found[2])))

    def as_json(self) -> bytes:
        """One line, as `make bench` prints it."""
        rounded = {"value": _short(self.value), "limit": _short(self.limit), "ratio": _short(self.ratio)}
        return orjson.dumps(asdict(self) | rounded | {"ok": self.ok})


def _short(number: float) -> float:
    return float(f"{number:.4g}")


Contestant = Callable[[], Awaitable[float]]


async def alternating(
    contestants: Mapping[str, Contestant], rounds: int, say: Callable[[str], None] = lambda line: None
) -> dict[str, float]:
    """Each contestant once a round, so that a noisy minute hits all of them; the median of each."""
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, contestant in contestants.items():
            measured[name].append(await contestant())
            say(f"{number}/{rounds} {name}: {measured[name][-1]:,.4g}")
    return {name: statistics.median(values) for name, values in measured.items()}


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a non-empty sequence."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
