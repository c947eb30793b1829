"""A figure's origin as the page shows it; the sum of the events stands against the figure, difference and all."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import orjson

from services.monitoring.board.fill.programme import cap, short_name
from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.lineage.rules import Origin, origin
from services.monitoring.board.lineage.sources import MOST, TOPIC, Contribution
from services.monitoring.board.parts.lineage_view import LineageCase, LineageEvent, LineageView, RawEvent
from services.monitoring.board.parts.values import Figure
from services.monitoring.figures.domain import Facts
from services.monitoring.figures.programme import figures
from services.monitoring.projections.timeline import PREFIX
from shared.database.engine import Executor
from shared.errors import NotFound


async def lineage_view(session: Executor, facts: Facts, path: str, event_id: str | None) -> LineageView:
    """Raises NotFound for a figure that the programme does not have on the day."""
    rule = origin(path)
    figure = shown_figure(facts, path)
    found = await rule.find(session, facts, figure.value or 0)
    parts = found.parts[:MOST]
    chosen = next((one for one in parts if one.row.id == event_id), parts[0] if parts else None)
    return LineageView(
        figure=figure,
        title=rule.title,
        measure=rule.measure,
        rule=rule.rule,
        programme_id=facts.programme_id,
        programme_name=short_name(facts.programme_id, facts.definition or facts.proposal),
        adds=rule.adds,
        subtracts=rule.subtracts,
        cases=tuple(by_case(parts)),
        events=tuple(event(one) for one in parts),
        events_total=found.total,
        raw=raw(chosen, rule) if chosen else None,
        selected_event=chosen.row.id if chosen else None,
    )


def shown_figure(facts: Facts, path: str) -> Figure:
    """The same figure that the page shows."""
    figure = Shown(facts.programme_id, figures(facts))(path)
    if path == "max_support_ratio" and facts.definition:
        figure = cap(facts.programme_id, facts.definition)
    if figure.value is None:
        raise NotFound(
            "figure_absent",
            ko=f"{facts.as_of}에는 이 숫자가 없습니다. 기준일을 옮기거나 사업 화면에서 다시 여세요.",
            en=f"There is no such figure on {facts.as_of}. Pick another date, or open it from the programme.",
        )
    return figure


def by_case(parts: Sequence[Contribution]) -> list[LineageCase]:
    """Each case's part, in the order of its first event."""
    groups: dict[str, list[Contribution]] = {}
    for one in parts:
        if case_id := one.row.data.get("case_id"):
            groups.setdefault(case_id, []).append(one)
    return [
        LineageCase(case_id, group[0].row.company or case_id[:8], len(group), total(group))
        for case_id, group in groups.items()
    ]


def total(parts: Iterable[Contribution]) -> int:
    return sum(one.amount for one in parts)


def event(one: Contribution) -> LineageEvent:
    row = one.row
    return LineageEvent(
        event_id=row.id,
        name=row.name.rpartition(".")[0],
        occurred_on=row.occurred_on,
        contribution=one.amount,
        company=row.company,
    )


def raw(one: Contribution, rule: Origin) -> RawEvent:
    payload = orjson.dumps(one.row.data, option=orjson.OPT_INDENT_2).decode()
    line = f'"{rule.marked}": {abs(one.amount)}'
    return RawEvent(
        topic=TOPIC[one.row.source, one.row.name],
        headers=tuple(headers(one.row)),
        payload=payload,
        marked=line if rule.marked and line in payload else None,
    )


def headers(row: Any) -> Iterable[tuple[str, str]]:
    """Those that the timeline keeps; the archive of the service that gave it out has them all."""
    yield "ce_specversion", "1.0"
    yield "ce_id", row.id
    yield "ce_source", row.source
    yield "ce_type", f"{PREFIX}{row.name}"
    yield "ce_subject", row.subject
    yield "ce_time", row.recorded_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "ce_sequence", f"{row.sequence:020}"
    if row.authid:
        yield "ce_authid", row.authid
    yield "content-type", "application/json"
