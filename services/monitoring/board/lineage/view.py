"""The lineage page of a figure: its value beside the sum of its events, with any difference."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import orjson

from services.monitoring.board.fill.programme import short_name, support_cap
from services.monitoring.board.fill.shown import FigureLookup
from services.monitoring.board.lineage.rules import FigureDefinition, figure_definition
from services.monitoring.board.lineage.sources import MAX_EVENTS, TOPIC, Contribution
from services.monitoring.board.parts.lineage_view import LineageCase, LineageEvent, LineageView, RawEvent
from services.monitoring.figures.domain import FigureInputs
from services.monitoring.figures.programme import figures
from services.monitoring.projections.timeline import TYPE_PREFIX
from shared.database.engine import Executor
from shared.errors import NotFound
from shared.web.ui.values import Figure


async def lineage_view(
    session: Executor, inputs: FigureInputs, path: str, event_id: str | None
) -> LineageView:
    """Fill the lineage of a figure; raise NotFound where the programme does not have it on the day."""
    definition = figure_definition(path)
    figure = figure_at(inputs, path)
    contributions = await definition.find_contributions(session, inputs, figure.value or 0)
    listed = contributions.listed[:MAX_EVENTS]
    selected = next((item for item in listed if item.row.id == event_id), listed[0] if listed else None)
    return LineageView(
        figure=figure,
        title=definition.title,
        measure=definition.measure,
        rule=definition.rule,
        programme_id=inputs.programme_id,
        programme_name=short_name(inputs.programme_id, inputs.definition or inputs.proposal),
        adds=definition.adds,
        subtracts=definition.subtracts,
        cases=tuple(group_by_case(listed)),
        events=tuple(map(lineage_event, listed)),
        events_total=contributions.total,
        raw=raw_event(selected, definition) if selected else None,
        selected_event=selected.row.id if selected else None,
    )


def figure_at(inputs: FigureInputs, path: str) -> Figure:
    """Return the figure that the pages show; raise NotFound where it is not known."""
    figure = FigureLookup(inputs.programme_id, figures(inputs))(path)
    if path == "max_support_ratio" and inputs.definition:
        figure = support_cap(inputs.programme_id, inputs.definition)
    if figure.value is None:
        raise NotFound(
            "figure_absent",
            ko=f"{inputs.as_of}에는 이 숫자가 없습니다. 기준일을 옮기거나 사업 화면에서 다시 여세요.",
            en=f"There is no such figure on {inputs.as_of}. Pick another date, or open it from the programme.",
        )
    return figure


def group_by_case(contributions: Sequence[Contribution]) -> list[LineageCase]:
    """Return each case's part, in the order of its first event."""
    groups: dict[str, list[Contribution]] = {}
    for contribution in contributions:
        if case_id := contribution.row.data.get("case_id"):
            groups.setdefault(case_id, []).append(contribution)
    return [
        LineageCase(case_id, group[0].row.company or case_id[:8], len(group), total(group))
        for case_id, group in groups.items()
    ]


def total(contributions: Iterable[Contribution]) -> int:
    return sum(contribution.amount for contribution in contributions)


def lineage_event(contribution: Contribution) -> LineageEvent:
    row = contribution.row
    return LineageEvent(
        event_id=row.id,
        name=row.name.rpartition(".")[0],
        occurred_on=row.occurred_on,
        contribution=contribution.amount,
        company=row.company,
    )


def raw_event(contribution: Contribution, definition: FigureDefinition) -> RawEvent:
    """Return the event's headers and payload; the line with its contribution is highlighted."""
    row = contribution.row
    payload = orjson.dumps(row.data, option=orjson.OPT_INDENT_2).decode()
    line = f'"{definition.highlighted_field}": {abs(contribution.amount)}'
    return RawEvent(
        topic=TOPIC[row.source, row.name],
        headers=tuple(headers(row)),
        payload=payload,
        highlight=line if definition.highlighted_field and line in payload else None,
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
