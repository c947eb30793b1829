"""Rule of progress reports: a programme reports on its own pledge alone."""

from datetime import date
from typing import Any

from services.monitoring.pledges.models import Progress
from shared.errors import RuleBroken
from shared.events.definition import Definition
from shared.events.monitoring import PledgeProgressReported


def report(
    definition: Definition, pledge_id: str, percent: int, reported_by_ko: str, on: date
) -> tuple[Progress, PledgeProgressReported]:
    """Return the progress and its event; `percent` is 0 to 100, as the office states it. Raises RuleBroken."""
    if definition.pledge is None or definition.pledge.id != pledge_id:
        raise RuleBroken(
            "pledge_of_another_programme",
            ko=f"{definition.programme_id} 사업은 공약 {pledge_id}에 속하지 않습니다. 공약과 사업을 확인하세요.",
            en=f"Programme {definition.programme_id} does not belong to pledge {pledge_id}. Check both.",
        )
    fields: dict[str, Any] = {
        "pledge_id": pledge_id,
        "programme_id": definition.programme_id,
        "percent": percent,
        "reported_by_ko": reported_by_ko,
    }
    return Progress(**fields, reported_on=on), PledgeProgressReported.model_validate(
        fields | {"occurred_on": on}
    )
