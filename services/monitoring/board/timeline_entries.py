"""Timeline entries from events: the parameters of their sentence and their amount in won."""

from typing import Any, cast

from services.monitoring.board.parts.case_view import Service, TimelineEntry
from services.monitoring.figures.programme import milestone_name
from shared.events.definition import Definition
from shared.web.ui.values import Text

TEMPLATES = {
    "application_received": Text("접수 안내", "Application received"),
    "screened_out": Text("요건 부적격 안내", "Not eligible"),
    "selected": Text("선정 안내", "Selected"),
    "reserved": Text("예비 선정 안내", "On the reserve list"),
    "rejected": Text("탈락 안내", "Not selected"),
    "agreement_signed": Text("협약 체결 안내", "Agreement signed"),
    "self_contribution_confirmed": Text("자부담 확인 안내", "Own share confirmed"),
    "tranche_disbursed": Text("지급 안내", "Payment made"),
    "tranche_failed": Text("지급 실패 안내", "Payment refused"),
    "milestone_due_soon": Text("기한 안내", "Deadline ahead"),
    "milestone_missed": Text("기한 지남 안내", "Deadline missed"),
    "completed": Text("완료 축하", "Completed"),
    "abandoned": Text("포기 처리 안내", "Place given up"),
}


def timeline_entry(row: Any, definition: Definition | None, company: str | None = None) -> TimelineEntry:
    """Return the entry of a timeline row; `company` is set where entries of several cases are listed together."""
    return TimelineEntry(
        occurred_on=row.occurred_on,
        recorded_at=row.recorded_at,
        service=cast(Service, row.source.rpartition("/")[2]),
        event_name=row.name.rpartition(".")[0],
        event_id=row.id,
        params=sentence_params(row.data, definition),
        amount_krw=amount_krw(row.data),
        case_id=row.data.get("case_id"),
        company=company,
    )


def sentence_params(data: dict[str, Any], definition: Definition | None) -> dict[str, Any]:
    """Return the event's data with names in both languages in place of keys."""
    params = dict(data)
    if "milestone" in data:
        params["milestone"] = milestone_name(definition, data["milestone"])
    if "template" in data:
        params["template"] = template_name(data["template"])
    return params


def template_name(template: str) -> Text:
    """Return the template's name, its key where it is not known here."""
    return TEMPLATES.get(template, Text(template))


def amount_krw(data: dict[str, Any]) -> int | None:
    """Return the event's total in won from whichever field has it, None where none has."""
    for name in ("total_krw", "amount_krw"):
        if name in data:
            return int(data[name])
    years: list[dict[str, Any]] = data.get("years") or [data]
    amounts = [krw for year in years for krw in year.get("amounts_krw", {}).values()]
    return sum(map(int, amounts)) if amounts else None
