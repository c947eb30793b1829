"""Omissions from the scenario, so that a test sees exactly the dependent figures go red."""

from collections.abc import Iterable, Set
from enum import StrEnum

from shared.events.definition import Definition
from shared.values.money import Funder
from tools.demo.steps import Lane

PLAN_CELL = ("gimcheon-smart-factory", "2024", Funder.CITY)


class Omission(StrEnum):
    """One visit, one company of the old records, the office's report, or one cell of the plan."""

    VISIT = "visit"
    LEGACY_COMPANY = "legacy-company"
    PLEDGE_REPORT = "pledge-report"
    PLAN_CELL = "plan-cell"


def without_plan_cell(omissions: Set[Omission], definition: Definition) -> Definition:
    """Return the definition, without the plan cell where that is omitted."""
    programme, period, funder = PLAN_CELL
    if Omission.PLAN_CELL not in omissions or definition.programme_id != programme:
        return definition
    plan = [cell for cell in definition.plan if (cell.period, cell.funder) != (period, funder)]
    return definition.model_copy(update={"plan": plan})


def without_first(omissions: Set[Omission], omission: Omission, lanes: Iterable[Lane]) -> list[Lane]:
    """Return all lanes, or all but the first where `omission` is among the omissions."""
    return list(lanes)[1 if omission in omissions else 0 :]
