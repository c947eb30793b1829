"""Timeline entries from events: the parameters of their sentences, the sentences of the second line, and the amount in won."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast, get_args

from services.monitoring.board.parts.case_view import Service, TimelineEntry
from services.monitoring.figures.programme import milestone_name
from services.monitoring.texts import TEXTS
from shared.events.definition import Definition
from shared.events.notifications import FailureReason, UnknownReason
from shared.web.ui import format as fmt
from shared.web.ui.i18n import ANY
from shared.web.ui.values import Text

PROBLEMS: frozenset[str] = frozenset({*get_args(FailureReason), *get_args(UnknownReason)})
TEXT_FAMILIES = {
    "template": ANY,  # the templates of notifications: tests/unit/test_board_texts.py
    "problem": ANY,  # PROBLEMS, by the same test
    "system": ("legacy",),
    "tie_break": ("business_number", "criterion_mean"),
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
        params["problem"] = named("problem", data.get("reason", ""))
    if "system" in data:
        params["system"] = named("system", data["system"])
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
    return TEXTS.text(f"tie_break.{tie_break['rule']}", criterion=tie_break.get("criterion"))


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
"""Functions that return the keys of the sentences on an event's second line, where these depend on its data."""


def template_name(template: str) -> Text:
    """Return the template's name, its key where it is not known here."""
    return named("template", template)


def named(family: str, code: str) -> Text:
    """Return the word for a code, the code itself where it is not known here."""
    try:
        return TEXTS.text(f"{family}.{code}")
    except KeyError:
        return Text(code)


def amount_krw(data: dict[str, Any]) -> int | None:
    """Return the event's total in won from whichever field has it, None where none has."""
    for name in ("total_krw", "amount_krw"):
        if name in data:
            return int(data[name])
    years: list[dict[str, Any]] = data.get("years") or [data]
    amounts = [krw for year in years for krw in year.get("amounts_krw", {}).values()]
    return sum(map(int, amounts)) if amounts else None
