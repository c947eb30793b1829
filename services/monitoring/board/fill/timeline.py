"""Events as entries of a timeline: the words that fill their sentence, and their sum of money in won."""

from typing import Any, cast

from services.monitoring.board.fill.programme import milestone_name
from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.values import Service, Text
from services.monitoring.figures.domain import Json
from shared.events.definition import Definition

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


def entry(row: Any, definition: Definition | None, company: str | None = None) -> TimelineEntry:
    """`row` is one of the timeline; `company` is named where entries of several cases stand together."""
    return TimelineEntry(
        occurred_on=row.occurred_on,
        recorded_at=row.recorded_at,
        service=cast(Service, row.source.rpartition("/")[2]),
        sentence=row.name.rpartition(".")[0],
        event_id=row.id,
        params=params(row.data, definition),
        amount_krw=amount(row.data),
        case_id=row.data.get("case_id"),
        company=company,
    )


def params(data: Json, definition: Definition | None) -> Json:
    """What the event says, names in both languages instead of keys."""
    said = dict(data)
    if "milestone" in data:
        said["milestone"] = milestone_name(definition, data["milestone"])
    if "template" in data:
        said["template"] = template_name(data["template"])
    return said


def template_name(template: str) -> Text:
    """As operators call it; a template that is not known here names itself."""
    return TEMPLATES.get(template, Text(template))


def amount(data: Json) -> int | None:
    """The event's sum in won, however it is given; None where it has none."""
    for name in ("total_krw", "amount_krw"):
        if name in data:
            return int(data[name])
    years: list[Json] = data.get("years") or [data]
    amounts = [krw for year in years for krw in year.get("amounts_krw", {}).values()]
    return sum(map(int, amounts)) if amounts else None
