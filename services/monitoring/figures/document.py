"""JSON of a programme's figures, by their paths, with the names, dates and shares that stand beside them."""

from collections.abc import Iterator
from typing import Any

from services.monitoring.figures.case_counts import rounds_by_track, tracks_of
from services.monitoring.figures.inputs import FigureInputs, percent_half_up
from services.monitoring.figures.money_rows import follow_ratios
from services.monitoring.figures.programme import all_figures, stage
from shared.events.definition import Proposal


def as_json(inputs: FigureInputs) -> dict[str, Any]:
    """Return the figures by their paths, with names and dates beside them. Money is won; what is unknown is absent."""
    tree = head(inputs)
    for each in all_figures(inputs):
        put(tree, each.path, each.value)
    for path, value in facts(inputs) if inputs.definition else ():
        put(tree, path, value)
    if inputs.definition and inputs.definition.indicators:
        tree["kpi"] = tree["indicators"][inputs.definition.indicators[0].id]
    return tree


def head(inputs: FigureInputs) -> dict[str, Any]:
    """Return what names the programme. Raises LookupError where it is neither published nor proposed by the day."""
    of = inputs.definition or inputs.proposal
    if of is None:
        raise LookupError(f"{inputs.programme_id} is not known on {inputs.as_of}")
    names = {"programme_id": inputs.programme_id, "as_of": inputs.as_of.isoformat(), "unit": "won"}
    names |= {"name": of.name_ko, "name_en": of.name_en}
    if isinstance(of, Proposal):
        return names | {"stage": "consultation", "year": of.year}
    return names | {"stage": stage(of), "version": inputs.version}


def facts(inputs: FigureInputs) -> Iterator[tuple[str, Any]]:
    """Yield names, dates and shares that stand beside the figures, by path."""
    definition = inputs.required_definition
    if (checked := follow_ratios(inputs)) is not None:
        yield "checked.ratios", checked
    if definition.max_support:
        yield "max_support_ratio", definition.max_support.text
    for track in tracks_of(inputs):
        yield f"tracks.{track.id}.name", track.name_ko
    for year, (first, last) in sorted(inputs.agreement_periods.items()):
        yield f"rounds.{year}.runs", {"from": first.isoformat(), "to": last.isoformat()}
    yield from shares_finished(inputs)
    for indicator in definition.indicators:
        names = {"id": indicator.id, "name": indicator.name_ko, "name_en": indicator.name_en}
        for name, value in (names | {"unit": indicator.unit}).items():
            yield f"indicators.{indicator.id}.{name}", value
    if definition.pledge:
        yield "pledge.id", definition.pledge.id
    if definition.pledge and inputs.report:
        yield "pledge.reported_by", inputs.report.reported_by_ko
        yield "pledge.occurred_on", inputs.report.occurred_on.isoformat()


def shares_finished(inputs: FigureInputs) -> Iterator[tuple[str, int]]:
    """Yield the percent of the cases holding an award that are completed or about to be, by round and track."""
    known = {"", *(track.id for track in tracks_of(inputs))}
    for (year, track), counts in rounds_by_track(inputs).items():
        if counts["selected"] and track in known:
            path = f"rounds.{year}.tracks.{track}.percent" if track else f"rounds.{year}.percent"
            yield path, percent_half_up(counts["completed_or_about_to"], counts["selected"])


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = value
