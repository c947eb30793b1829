"""Plan of a seed's run: by rotation, so that twenty seeds leave nothing out, and by chance, so that no two are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.chaos.crash_points import ALL_POINTS, CrashPoint, Needs
from tests.chaos.nemesis import BY_NAME, FAULTS

Card = TypeVar("Card")

FAULTS_A_SEED, CRASHES_A_SEED = 6, 9
LATEST_CRASH = 45.0  # seconds after the beginning
MOST_PASSINGS = 4
FORMS = ((1, True), (1, False), (1, True), (3, False))
"""Brokers, and whether each role has a process of its own: seeds take turns."""


@dataclass(frozen=True)
class Crash:
    """A kill of the service's process at the n-th passing of the point after `at` seconds."""

    service: str
    point: CrashPoint
    n: int
    at: float

    @property
    def name(self) -> str:
        return f"{self.service}.{self.point.name}"


@dataclass(frozen=True)
class RunPlan:
    """Plan of one run; `faults` are names, in their order.

    `points`: every crash point instead. `small`: a few clients without the demo's story.
    """

    seed: int
    brokers: int
    split: bool
    faults: tuple[str, ...]
    crashes: tuple[Crash, ...]
    points: bool = False
    small: bool = False


def plan(
    seed: int, brokers: int | None = None, split: bool | None = None, faults: Sequence[str] | None = None
) -> RunPlan:
    """Plan the seed's run; given values are used as they are."""
    turn, number = seed % len(FORMS), seed // len(FORMS)
    form = FORMS[turn]
    random = Random(f"plan-{seed}")
    mode = (brokers or form[0], form[1] if split is None else split)
    alike = [n for n, one in enumerate(FORMS) if one == mode]
    before = number * len(alike) + sum(n < turn for n in alike) if alike else seed
    chosen = list(faults) if faults is not None else _dealt(_possible(mode), before, FAULTS_A_SEED, random)
    crashes = [_crash(*one, random) for one in _dealt(ALL_POINTS, seed, CRASHES_A_SEED, random)]
    return RunPlan(seed, *mode, tuple(_early_ones_first(chosen)), tuple(crashes))


def every_point(seed: int, brokers: int | None = None, split: bool | None = None) -> RunPlan:
    """Plan a run in which each service is killed at each of its points."""
    return RunPlan(seed, brokers or 1, bool(split), (), (), points=True, small=True)


def _dealt(cards: Sequence[Card], hand: int, size: int, random: Random) -> list[Card]:
    """Return one slice of the cards, shuffled by a fixed seed, in a random order."""
    deck = Random("deck").sample(cards, len(cards))
    dealt = [deck[(hand * size + n) % len(deck)] for n in range(size)]
    random.shuffle(dealt)
    return dealt


def _possible(mode: tuple[int, bool]) -> list[str]:
    return [fault.name for fault in FAULTS if fault.fits(*mode)]


def _early_ones_first(names: list[str]) -> list[str]:
    """Move the faults that need the workload to go on afterwards to the front."""
    return sorted(names, key=lambda name: not BY_NAME[name].early)


def _crash(service: str, point: CrashPoint, random: Random) -> Crash:
    n = 1 if point.needs is not Needs.NOTHING else random.randint(1, MOST_PASSINGS)
    return Crash(service, point, n, round(random.uniform(0, LATEST_CRASH), 1))
