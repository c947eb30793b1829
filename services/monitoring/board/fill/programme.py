"""View of one programme; a section is shown when its figures exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.monitoring.board.fill import companies, money
from services.monitoring.board.fill.pledges import indicators, pledge
from services.monitoring.board.fill.shown import FigureLookup
from services.monitoring.board.parts.programme_view import (
    Consultation,
    ConsultedMunicipality,
    DueMilestone,
    ProgrammeView,
    Risk,
)
from services.monitoring.figures.domain import FigureInputs
from services.monitoring.figures.programme import figures
from shared.events.definition import Definition, Proposal
from shared.web.ui.values import UNKNOWN, Figure, Text, YearRange


@dataclass(frozen=True)
class DueRow:
    """A milestone due within 30 days, of a case that still holds its award."""

    due_on: date
    milestone: str
    case_id: str
    company: str


def programme_view(
    inputs: FigureInputs,
    last_event_on: date | None = None,
    due: Sequence[DueRow] = (),
    related: Sequence[tuple[str, Text]] = (),
) -> ProgrammeView:
    lookup = FigureLookup(inputs.programme_id, figures(inputs))
    if inputs.definition is None:
        return proposed_view(inputs, lookup, last_event_on)
    definition = inputs.definition
    view = ProgrammeView(
        id=inputs.programme_id,
        name=Text(definition.name_ko, definition.name_en),
        short_name=Text(definition.short_ko, definition.short_en),
        authority=Text(definition.office_ko, definition.office_en),
        stage="history" if definition.entry == "history" else "running",
        years=YearRange(definition.first_year, definition.last_year),
        last_event_on=last_event_on,
        subtitles=tuple(subtitles(definition)),
        ratio=money.ratio(definition),
        total=lookup("total.all"),
        invested=lookup("invested_before_term.all"),
        companies_planned=lookup("companies_planned", event_count=1),
        max_support_percent=support_cap(inputs.programme_id, definition),
        municipalities_count=lookup("municipalities.count"),
        takes_applications=definition.entry == "application",
        money=money.money_table(lookup, definition, inputs),
        companies=companies.companies(lookup),
        indicators=indicators(lookup, definition),
        pledge=pledge(lookup, definition),
        rounds=companies.rounds(lookup),
        mentors=companies.mentors(lookup),
        due=tuple(due_milestones(due, definition, inputs.as_of)),
        related=tuple(related),
    )
    return with_details(view, lookup, inputs, definition) if inputs.in_detail else view


def with_details(
    view: ProgrammeView, lookup: FigureLookup, inputs: FigureInputs, definition: Definition
) -> ProgrammeView:
    """Add what only the programme's own page shows."""
    past_events = money.invested_event_count(inputs.money_events, definition.term_from)
    return replace(
        view,
        total=lookup("total.all", past_events + 1),
        invested=lookup("invested_before_term.all", past_events),
        money_years=tuple(money.money_years(lookup, definition)),
        execution=money.execution(lookup, inputs),
        tracks=companies.tracks(lookup, definition),
        municipalities=companies.municipalities(lookup),
        risks=tuple(Risk(Text(risk.problem_ko), Text(risk.answer_ko)) for risk in definition.risks),
    )


def subtitles(definition: Definition) -> Iterable[Text]:
    """Yield the short lines under the title."""
    if definition.entry == "top_up":
        yield Text("중앙부처가 선정한 기업에 더함", "Adds to companies that the ministry selected")
    if definition.pledge:
        yield Text(f"공약: {definition.pledge.name_ko}", f"Pledge: {definition.pledge.name_en}")
    if definition.municipalities:
        count = len(definition.municipalities)
        yield Text(f"{count}개 시군 참여", f"{count} cities and counties take part")


def support_cap(programme_id: str, definition: Definition) -> Figure:
    """Return the cap of public support in percent; unknown where it is not a whole number."""
    ratio = definition.max_support
    if ratio is None or 100 * ratio.numerator % ratio.denominator:
        return UNKNOWN
    return Figure(100 * ratio.numerator // ratio.denominator, f"{programme_id}.max_support_ratio")


def due_milestones(rows: Sequence[DueRow], definition: Definition, as_of: date) -> Iterable[DueMilestone]:
    """Yield milestones grouped by day and key, soonest first; a warning from a week before."""
    groups: dict[tuple[date, str], list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault((row.due_on, row.milestone), []).append((row.case_id, row.company))
    for (due_on, key), cases in sorted(groups.items()):
        is_soon = (due_on - as_of).days <= 7
        name = milestone_name(definition, key)
        yield DueMilestone(due_on, name, "warning" if is_soon else "planned", tuple(cases))


def short_name(programme_id: str, definition: Definition | Proposal | None) -> Text:
    """Return the programme's short name, its id where nothing is known of it."""
    return Text(definition.short_ko, definition.short_en) if definition else Text(programme_id)


def milestone_name(definition: Definition | None, key: str) -> Text:
    """Return the milestone's name in the definition, its key where the definition no longer has it."""
    rules = definition.milestones if definition else []
    rule = next((rule for rule in rules if rule.key == key), None)
    return Text(rule.name_ko, rule.name_en) if rule else Text(key)


def proposed_view(inputs: FigureInputs, lookup: FigureLookup, last_event_on: date | None) -> ProgrammeView:
    """Return the view of a programme that is only proposed; raise LookupError where it is not even that."""
    proposal = inputs.proposal
    if proposal is None or inputs.proposed_on is None:
        raise LookupError(f"{inputs.programme_id} is not known on {inputs.as_of}")
    return ProgrammeView(
        id=inputs.programme_id,
        name=Text(proposal.name_ko, proposal.name_en),
        short_name=Text(proposal.short_ko, proposal.short_en),
        authority=Text(proposal.office_ko, proposal.office_en),
        stage="consultation",
        years=YearRange(proposal.year, proposal.year),
        last_event_on=last_event_on,
        municipalities_count=lookup("municipalities.count"),
        consultation=consultation(proposal, lookup, inputs.proposed_on),
    )


def consultation(proposal: Proposal, lookup: FigureLookup, proposed_on: date) -> Consultation:
    """Return the consultation; answers are unknown, as no event reports them."""
    return Consultation(
        asked=lookup("municipalities.count", event_count=1),
        answered=UNKNOWN,
        funders=tuple(proposal.funders),
        proposed_on=proposed_on,
        municipalities=tuple(
            ConsultedMunicipality(row.code, companies.municipality_name(row.code))
            for row in proposal.municipalities
        ),
        agency=Text(proposal.executing_agency_ko),
        reason=Text(proposal.reason_ko),
        answer_by=proposal.answer_by,
    )
