"""The registry: every guard that the suite removes, one at a time, by its name."""

from tests.sabotage import (
    of_applications,
    of_consuming,
    of_edge,
    of_messages,
    of_money,
    of_projecting,
    of_publishing,
    of_services,
)
from tests.sabotage.guard import Guard

PARTS = (
    of_publishing,
    of_consuming,
    of_projecting,
    of_edge,
    of_money,
    of_applications,
    of_messages,
    of_services,
)
GUARDS: dict[str, Guard] = {one.name: one for part in PARTS for one in part.GUARDS}
assert len(GUARDS) == sum(len(part.GUARDS) for part in PARTS), "two guards have one name"
