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
    """`ratio` is value / limit; `goal` is what it must be, such as ">= 0.3", or "" where it is only reported.

    `missing` says why the limit could not be measured: a peer is optional, and never left out without a word.
    """

    figure: str
    value: float | None
    limit: float | None
    unit: str
    goal: str = ""
    missing: str = ""

    def __post_init__(self) -> None:
        """A figure that was not measured must say so: neither a nought nor a gap passes for one."""
        if self.goal and not GOAL.fullmatch(self.goal):
            raise ValueError(f"no goal: {self.goal!r}")
        if not self.missing and not (self.value and self.limit):
            raise ValueError(f"not measured: {self}")

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.value and self.limit else None

    @property
    def ok(self) -> bool:
        if self.ratio is None or (found := GOAL.fullmatch(self.goal)) is None:
            return True
        return bool(COMPARE[found[1]](self.ratio, float(found[2])))

    def as_json(self) -> bytes:
        """One line, as `make bench` prints it; `missing` only where something is."""
        rounded = {"value": short(self.value), "limit": short(self.limit), "ratio": short(self.ratio)}
        line = asdict(self) | rounded | {"ok": self.ok}
        return orjson.dumps(
            line if self.missing else {name: line[name] for name in line if name != "missing"}
        )


def short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


SHORT_TURNS = 3
"""So many times the rounds of other benchmarks, where a contestant has the machine for a second or two alone."""

Contestant = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Turns:
    """What each contestant came to, round by round."""

    measured: Mapping[str, Sequence[float]]

    def pair(self, value: str, limit: str) -> tuple[float, float | None]:
        """Both as they were in one round, that whose ratio is the median; no limit where there is no such contestant.

        The machine's speed moves by a factor of two within seconds: medians of each alone may be of different machines.
        """
        values = self.measured[value]
        if limit not in self.measured:
            return statistics.median(values), None
        pairs = sorted(zip(values, self.measured[limit], strict=True), key=lambda pair: pair[0] / pair[1])
        return pairs[(len(pairs) - 1) // 2]


async def alternating(
    contestants: Mapping[str, Contestant], rounds: int, say: Callable[[str], None] = lambda line: None
) -> Turns:
    """Each contestant once a round, so that a noisy minute hits all of them."""
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, contestant in contestants.items():
            measured[name].append(await contestant())
            say(f"{number}/{rounds} {name}: {measured[name][-1]:,.4g}")
    return Turns(measured)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a non-empty sequence."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
