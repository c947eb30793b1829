"""Due milestones as a programme's page lists them."""

from datetime import date

import pytest

from services.monitoring.board import queries
from tests.databases import Databases
from tests.unit.monitoring_builders import PROGRAMME, abandoned, published, scheduled, selected
from tests.unit.monitoring_folds import decode_events, project_events


async def test_a_truncated_list_of_milestones_leaves_out_its_last_day_whole(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"F": "2025-01-25", "G": "2025-01-22", "H": "2025-01-25", "I": "2025-01-22", "J": "2025-02-20"}
    cases = [event for name, due in names.items() for event in (selected(name), scheduled(name, due))]
    relinquished = [selected("K"), scheduled("K", "2025-01-21"), abandoned("K", "2025-01-19")]
    await project_events(databases["monitoring"], decode_events([published(), *cases, *relinquished]))

    whole = await days_due(databases)
    monkeypatch.setattr(queries, "MAX_DUE_MILESTONES", 3)
    cut = await days_due(databases)

    assert whole == ["2025-01-22"] * 2 + ["2025-01-25"] * 2
    assert cut == ["2025-01-22"] * 2


async def days_due(databases: Databases) -> list[str]:
    async with databases["monitoring"].transaction() as transaction:
        rows = await queries.due_milestones(transaction, PROGRAMME, date(2025, 1, 20))
    return [row.due_on.isoformat() for row in rows]
