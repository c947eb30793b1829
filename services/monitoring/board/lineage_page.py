"""The lineage page of a figure: its value beside the sum of its events, with any difference."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import orjson

from services.monitoring.board.parts.lineage_view import LineageCase, LineageEvent, LineageView, RawEvent
from services.monitoring.figures import words
from services.monitoring.figures.contributions import TOPIC, Contribution
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.inputs import FigureInputs
from services.monitoring.figures.programme import find_figure, short_name
from services.monitoring.projections.timeline import TYPE_PREFIX
from shared.database.transaction import Transaction


async def lineage_view(
    transaction: Transaction, inputs: FigureInputs, path: str, event_id: str | None
) -> LineageView:
    """Return the proof of a figure; raise NotFound where the programme does not have it on the day."""
    figure, definition = find_figure(inputs, path)
    contributions = await definition.prove(transaction, inputs, figure.scope)
    listed = contributions.listed
    selected = next((item for item in listed if item.row.id == event_id), listed[0] if listed else None)
    return LineageView(
        figure=figure,
        title=words.title(figure),
        unit=definition.unit,
        rule=words.rule(definition),
        total=contributions.total,
        difference=contributions.difference(figure.value),
        programme_id=inputs.programme_id,
        programme_name=short_name(inputs.programme_id, inputs.definition or inputs.proposal),
        adds=definition.adds,
        subtracts=definition.subtracts,
        cases=tuple(group_by_case(listed)),
        events=tuple(map(lineage_event, listed)),
        events_total=contributions.events,
        raw=raw_event(selected, figure) if selected else None,
        selected_event=selected.row.id if selected else None,
    )


def group_by_case(contributions: Sequence[Contribution]) -> list[LineageCase]:
    """Return each case's part, in the order of its first event."""
    groups: dict[str, list[Contribution]] = {}
    for contribution in contributions:
        if case_id := contribution.row.data.get("case_id"):
            groups.setdefault(case_id, []).append(contribution)
    return [
        LineageCase(
            case_id, group[0].row.company or case_id[:8], len(group), sum(each.amount for each in group)
        )
        for case_id, group in groups.items()
    ]


def lineage_event(contribution: Contribution) -> LineageEvent:
    row = contribution.row
    return LineageEvent(
        event_id=row.id,
        name=row.name.rpartition(".")[0],
        occurred_on=row.occurred_on,
        contribution=contribution.amount,
        company=row.company,
    )


def raw_event(contribution: Contribution, figure: Figure) -> RawEvent:
    """Return the event's headers and payload; the line with its contribution is highlighted."""
    row, highlight = contribution.row, figure.definition.highlight if figure.definition else None
    payload = orjson.dumps(row.data, option=orjson.OPT_INDENT_2).decode()
    field = highlight.format_map(figure.scope._asdict()) if highlight else ""
    line = f'"{field}": {abs(contribution.amount)}'
    return RawEvent(
        topic=TOPIC[row.source, row.name],
        headers=tuple(headers(row)),
        payload=payload,
        highlight=line if field and line in payload else None,
    )


def headers(row: Any) -> Iterable[tuple[str, str]]:
    """Yield the headers that the timeline has; the event log of the publishing service has all of them."""
    yield "ce_specversion", "1.0"
    yield "ce_id", row.id
    yield "ce_source", row.source
    yield "ce_type", f"{TYPE_PREFIX}{row.name}"
    yield "ce_subject", row.subject
    yield "ce_time", row.recorded_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "ce_sequence", f"{row.sequence:020}"
    if row.authid:
        yield "ce_authid", row.authid
    yield "content-type", "application/json"
