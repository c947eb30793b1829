"""Figures of benchmarks: a value, its limit, their ratio, and whether the ratio meets the goal."""

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
    """A measured value beside its limit. `ratio` is value / limit; `goal`: such as ">= 0.3", or "" if only reported.

    `missing`: why the limit could not be measured. A peer is optional, but its absence is always reported.
    """

    figure: str
    value: float | None
    limit: float | None
    unit: str
    goal: str = ""
    missing: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid goal, and for a value or limit of 0 or None unless the peer is missing."""
        if self.goal and not GOAL.fullmatch(self.goal):
            raise ValueError(f"no goal: {self.goal!r}")
        if not self.missing and not (self.value and self.limit):
            raise ValueError(f"not measured: {self}")

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.value and self.limit else None

    @property
    def ok(self) -> bool:
        if self.ratio is None or (goal := GOAL.fullmatch(self.goal)) is None:
            return True
        return bool(COMPARE[goal[1]](self.ratio, float(goal[2])))

    def as_json(self) -> bytes:
        """The line of JSON that `make bench` prints; `missing` appears only if it is not empty."""
        numbers = {"value": rounded(self.value), "limit": rounded(self.limit), "ratio": rounded(self.ratio)}
        line = asdict(self) | numbers | {"ok": self.ok}
        return orjson.dumps(
            line if self.missing else {name: line[name] for name in line if name != "missing"}
        )


def rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


SHORT_ROUNDS_FACTOR = 3
"""Factor by which the rounds are multiplied where a single measurement takes only a second or two."""

Contestant = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Measurements:
    """Results of each contestant, round by round."""

    measured: Mapping[str, Sequence[float]]

    def median_pair(self, value: str, limit: str) -> tuple[float, float | None]:
        """Return value and limit of the round with the median ratio; the limit is None if it was not measured.

        The machine's speed varies by a factor of two within seconds, so separate medians would not be comparable.
        """
        values = self.measured[value]
        if limit not in self.measured:
            return statistics.median(values), None
        pairs = sorted(zip(values, self.measured[limit], strict=True), key=lambda pair: pair[0] / pair[1])
        return pairs[(len(pairs) - 1) // 2]


async def measure_alternately(
    contestants: Mapping[str, Contestant], rounds: int, progress: Callable[[str], None] = lambda line: None
) -> Measurements:
    """Run each contestant once a round, so that noise on the machine affects all of them alike."""
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, contestant in contestants.items():
            measured[name].append(await contestant())
            progress(f"{number}/{rounds} {name}: {measured[name][-1]:,.4g}")
    return Measurements(measured)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a non-empty sequence."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
