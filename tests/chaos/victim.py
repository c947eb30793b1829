"""A service that dies on order: `python -m tests.chaos.victim ROLE …`, told by the environment which service it is.

It puts every named point into the product's functions, then runs the service as it is.
"""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pkgutil import resolve_name

from shared import service
from tests.chaos.armed import FOLDER, SERVICE, Orders
from tests.chaos.patches import too_early
from tests.chaos.points import POINTS

EARLY = "early"


def main() -> None:
    """Never returns where an order is carried out."""
    name, orders = os.environ[SERVICE], Orders(Path(os.environ[FOLDER]))
    for point in POINTS:
        if name in point.services:
            point.put(partial(_die, _counted(orders, name, point.name)))
    too_early(_counted(orders, name, EARLY))
    service.main(resolve_name(f"services.{name}.main:SERVICE"))


def _counted(orders: Orders, name: str, what: str) -> Callable[[], bool]:
    """Whether the order is to be carried out at this passing; passings count while it stands."""
    passed = 0

    def is_due() -> bool:
        nonlocal passed
        passed = passed + 1 if orders.is_armed(name, what) else 0
        return bool(passed) and orders.taken(name, what, passed)

    return is_due


def _die(is_due: Callable[[], bool]) -> None:
    if is_due():
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
