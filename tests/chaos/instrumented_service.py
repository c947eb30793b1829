"""A service with crash points: `python -m tests.chaos.instrumented_service ROLE …`; the environment names the service.

It installs every crash point in the product's functions, then runs the service as it is.
"""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pkgutil import resolve_name

from shared import service
from tests.chaos.arming import FOLDER, SERVICE, ArmedPoints
from tests.chaos.crash_points import POINTS
from tests.chaos.patches import raise_prerequisite_missing

EARLY = "early"


def main() -> None:
    """Run until the service ends or an armed point is hit. Raises AttributeError where a point's function is gone."""
    name, armed = os.environ[SERVICE], ArmedPoints(Path(os.environ[FOLDER]))
    for point in POINTS:
        if name in point.services:
            point.install(partial(_kill_if, _hit_counter(armed, name, point.name)))
    raise_prerequisite_missing(_hit_counter(armed, name, EARLY))
    service.main(resolve_name(f"services.{name}.main:SERVICE"))


def _hit_counter(armed: ArmedPoints, name: str, what: str) -> Callable[[], bool]:
    """Return a function that counts passings while the point is armed, and tells whether this one hits it."""
    passed = 0

    def is_hit() -> bool:
        nonlocal passed
        passed = passed + 1 if armed.is_armed(name, what) else 0
        return bool(passed) and armed.hit(name, what, passed)

    return is_hit


def _kill_if(is_hit: Callable[[], bool]) -> None:
    if is_hit():
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
