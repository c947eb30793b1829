"""What can be left out of the story, so that a test sees exactly the rows go red that depend on it."""

from collections.abc import Iterable, Set
from enum import StrEnum

from shared.events.definition import Definition
from shared.values.money import Funder
from tools.demo.steps import Strand

PLAN_CELL = ("gimcheon-smart-factory", "2024", Funder.CITY)


class Left(StrEnum):
    """One visit, one company of the old records, the office's report, one cell of the plan."""

    VISIT = "visit"
    LEGACY_COMPANY = "legacy-company"
    PLEDGE_REPORT = "pledge-report"
    PLAN_CELL = "plan-cell"


def definition_without(left: Set[Left], definition: Definition) -> Definition:
    """The definition as it is, or without the cell."""
    programme, period, funder = PLAN_CELL
    if Left.PLAN_CELL not in left or definition.programme_id != programme:
        return definition
    kept = [cell for cell in definition.plan if (cell.period, cell.funder) != (period, funder)]
    return definition.model_copy(update={"plan": kept})


def without(left: Set[Left], this: Left, strands: Iterable[Strand]) -> list[Strand]:
    """All strands, or all but the first."""
    return list(strands)[1 if this in left else 0 :]
