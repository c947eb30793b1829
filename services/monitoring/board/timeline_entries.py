"""Timeline entries from events: the parameters of their sentences, the sentences of the second line, and the amount in won."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from services.monitoring.board.parts.case_view import Service, TimelineEntry
from services.monitoring.figures.programme import milestone_name
from shared.events.definition import Definition
from shared.web.ui import format as fmt
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
SYSTEMS = {"legacy": Text("이전 시스템", "Earlier system")}
PROBLEMS = {
    "no_contact": Text("연락처 없음", "no contact"),
    "too_late": Text("보낼 기한이 지남", "its time had passed"),
    "template_error": Text("양식 오류", "faulty template"),
    "address_not_supported": Text("보낼 수 없는 주소", "an address that cannot be sent to"),
    "too_long": Text("문자로 보내기에 너무 긺", "too long for an SMS"),
    "refused": Text("중계사나 메일 서버가 거절함", "refused by the gateway or mail server"),
    "not_delivered": Text("도착하지 않음", "did not arrive"),
    "no_answer": Text("넘긴 뒤 답이 없음", "no answer after it was handed over"),
    "not_in_answer": Text("중계사의 답에 없음", "missing in the gateway's answer"),
    "channel_error": Text("보내는 중에 오류가 남", "an error while it was sent"),
    "sender_lost": Text("보내다가 멈춤", "the sender stopped while sending"),
    "no_delivery_report": Text("3일 안에 도착 결과가 없음", "no delivery report within three days"),
}
BY_BUSINESS_NUMBER = Text("사업자등록번호 순서", "the order of business numbers")


def timeline_entry(row: Any, definition: Definition | None, company: str | None = None) -> TimelineEntry:
    """Return the entry of a timeline row; `company` is set where entries of several cases are listed together."""
    return TimelineEntry(
        occurred_on=row.occurred_on,
        recorded_at=row.recorded_at,
        service=cast(Service, row.source.rpartition("/")[2]),
        event_name=row.name.rpartition(".")[0],
        event_id=row.id,
        params=sentence_params(row.data, definition),
        details=details(row.name.rpartition(".")[0], row.data),
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
        params["problem"] = PROBLEMS.get(data.get("reason", ""))
    if "system" in data:
        params["system"] = SYSTEMS.get(data["system"], Text(data["system"]))
    if "track" in data:
        params["track"] = track_name(definition, data["track"])
    if "score" in data:
        params["score"] = fmt.score(data["score"])
    return params | ranking_params(data)


def ranking_params(data: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a ranking by name; none where the event has no ranking."""
    if (ranking := data.get("ranking")) is None:
        return {}
    tie_breaks = [tie_break_name(tie_break) for tie_break in ranking.get("tie_breaks", ())]
    return {**ranking, "tie_breaks": tie_breaks, "reserve_number": data["rank"] - ranking["quota"]}


def tie_break_name(tie_break: dict[str, Any]) -> Text:
    if tie_break["rule"] == "business_number":
        return BY_BUSINESS_NUMBER
    return Text(f"{tie_break['criterion']} 평균", f"the mean of {tie_break['criterion']}")


def track_name(definition: Definition | None, track: str) -> Text:
    """Return the track's name in the definition, its id where the definition does not have it."""
    rules = definition.tracks if definition else []
    return next((Text(rule.name_ko, rule.name_en) for rule in rules if rule.id == track), Text(track))


def details(event_name: str, data: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the keys of an event's second line, by what its data say; None for the one of its name."""
    choose = DETAILS.get(event_name)
    return tuple(f"event.{key}.detail" for key in choose(data)) if choose else None


def selected_details(data: dict[str, Any]) -> Iterator[str]:
    if data["via"] == "ministry":
        yield "company.selected.ministry"
    if data["via"] == "reserve":
        is_known = "predecessor_receipt_number" in data
        yield "company.selected.succeeding" if is_known else "company.selected.promoted"
    yield from ranking_details(data)
    if data["via"] == "ranking" and "ranking" in data:
        yield "selection.within_quota"


def reserved_details(data: dict[str, Any]) -> Iterator[str]:
    yield from ranking_details(data)
    if "ranking" in data:
        yield "selection.in_reserve"


def ranking_details(data: dict[str, Any]) -> Iterator[str]:
    """Yield the sentences on rank and score; of an event without a ranking, those two alone."""
    if (ranking := data.get("ranking")) is None:
        if "rank" in data:
            yield "selection.rank"
        return
    yield "selection.ranked_in_track" if "track" in data else "selection.ranked"
    yield "selection.reviews_trimmed" if ranking["trimmed"] else "selection.reviews"
    if ranking.get("tie_breaks"):
        yield "selection.tie_breaks"


def message_details(event_name: str) -> Callable[[dict[str, Any]], Iterator[str]]:
    def choose(data: dict[str, Any]) -> Iterator[str]:
        if data.get("reason") not in PROBLEMS:
            yield f"{event_name}.unexplained"
        else:
            yield f"{event_name}.coded" if "provider_code" in data else event_name

    return choose


def by_code(event_name: str, field: str) -> Callable[[dict[str, Any]], Iterator[str]]:
    """Return a choice of the sentence that the code in a field names; none where the event lacks it."""

    def choose(data: dict[str, Any]) -> Iterator[str]:
        if field in data:
            yield f"{event_name}.{data[field]}"

    return choose


DETAILS: dict[str, Callable[[dict[str, Any]], Iterable[str]]] = {
    "company.selected": selected_details,
    "company.reserved": reserved_details,
    "company.rejected": by_code("company.rejected", "cause"),
    "company.closed": by_code("company.closed", "state"),
    "tranche.held": by_code("tranche.held", "reason"),
    "message.failed": message_details("message.failed"),
    "message.unknown": message_details("message.unknown"),
}
"""Of events whose second line depends on their data: the keys of its sentences."""


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
