"""One programme's view: a section is there when its figures are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.monitoring.board.fill import companies, money
from services.monitoring.board.fill.pledges import indicators, pledge
from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.parts.programme_view import (
    Consultation,
    ConsultedMunicipality,
    DueMilestone,
    ProgrammeView,
    Risk,
)
from services.monitoring.board.parts.values import UNKNOWN, Figure, Text, YearRange
from services.monitoring.figures.domain import Facts
from services.monitoring.figures.programme import figures
from shared.events.definition import Definition, Proposal


@dataclass(frozen=True)
class DueRow:
    """A milestone that falls due within 30 days, of a case that still holds its place."""

    due_on: date
    milestone: str
    case_id: str
    company: str


def programme_view(
    facts: Facts,
    last_event_on: date | None = None,
    due: Sequence[DueRow] = (),
    related: Sequence[tuple[str, Text]] = (),
) -> ProgrammeView:
    shown = Shown(facts.programme_id, figures(facts))
    if facts.definition is None:
        return proposed_view(facts, shown, last_event_on)
    definition = facts.definition
    view = ProgrammeView(
        id=facts.programme_id,
        name=Text(definition.name_ko, definition.name_en),
        short=Text(definition.short_ko, definition.short_en),
        region=Text(definition.office_ko, definition.office_en),
        stage="history" if definition.entry == "history" else "running",
        years=YearRange(definition.first_year, definition.last_year),
        last_event_on=last_event_on,
        facts=tuple(said(definition)),
        ratio=money.ratio(definition),
        total=shown("total.all"),
        invested=shown("invested_before_term.all"),
        companies_planned=shown("companies_planned", evidence=1),
        max_support_percent=cap(facts.programme_id, definition),
        municipalities_count=shown("municipalities.count"),
        has_calls=definition.entry == "application",
        money=money.money_table(shown, definition, facts),
        companies=companies.companies(shown),
        indicators=indicators(shown, definition),
        pledge=pledge(shown, definition),
        rounds=companies.rounds(shown),
        mentors=companies.mentors(shown),
        due=tuple(due_milestones(due, definition, facts.as_of)),
        related=tuple(related),
    )
    return with_details(view, shown, facts, definition) if facts.in_detail else view


def with_details(view: ProgrammeView, shown: Shown, facts: Facts, definition: Definition) -> ProgrammeView:
    """What the programme's own page shows besides."""
    past_events = money.invested_events(facts.money_events, definition.term_from)
    return replace(
        view,
        total=shown("total.all", past_events + 1),
        invested=shown("invested_before_term.all", past_events),
        money_years=tuple(money.money_years(shown, definition)),
        execution=money.execution(shown, facts),
        tracks=companies.tracks(shown, definition),
        municipalities=companies.municipalities(shown),
        risks=tuple(Risk(Text(risk.problem_ko), Text(risk.answer_ko)) for risk in definition.risks),
    )


def said(definition: Definition) -> Iterable[Text]:
    """Short facts under the title."""
    if definition.entry == "top_up":
        yield Text("중앙부처가 선정한 기업에 더함", "Adds to companies that the ministry selected")
    if definition.pledge:
        yield Text(f"공약: {definition.pledge.name_ko}", f"Pledge: {definition.pledge.name_en}")
    if definition.municipalities:
        count = len(definition.municipalities)
        yield Text(f"{count}개 시군 참여", f"{count} cities and counties take part")


def cap(programme_id: str, definition: Definition) -> Figure:
    """The cap of public support in percent, where it is a whole number of percents."""
    ratio = definition.max_support
    if ratio is None or 100 * ratio.numerator % ratio.denominator:
        return UNKNOWN
    return Figure(100 * ratio.numerator // ratio.denominator, f"{programme_id}.max_support_ratio")


def due_milestones(rows: Sequence[DueRow], definition: Definition, as_of: date) -> Iterable[DueMilestone]:
    """Grouped by day and milestone, soonest first; a week before is a warning."""
    groups: dict[tuple[date, str], list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault((row.due_on, row.milestone), []).append((row.case_id, row.company))
    for (due_on, key), cases in sorted(groups.items()):
        soon = (due_on - as_of).days <= 7
        name = milestone_name(definition, key)
        yield DueMilestone(due_on, name, "warning" if soon else "planned", tuple(cases))


def short_name(programme_id: str, said: Definition | Proposal | None) -> Text:
    """As rows and crumbs call it; a programme that nothing is known of by its id."""
    return Text(said.short_ko, said.short_en) if said else Text(programme_id)


def milestone_name(definition: Definition | None, key: str) -> Text:
    """As the definition names it; a key that it no longer has names itself."""
    rules = definition.milestones if definition else []
    found = next((rule for rule in rules if rule.key == key), None)
    return Text(found.name_ko, found.name_en) if found else Text(key)


def proposed_view(facts: Facts, shown: Shown, last_event_on: date | None) -> ProgrammeView:
    said = facts.proposal
    if said is None or facts.proposed_on is None:
        raise LookupError(f"{facts.programme_id} is not known on {facts.as_of}")
    return ProgrammeView(
        id=facts.programme_id,
        name=Text(said.name_ko, said.name_en),
        short=Text(said.short_ko, said.short_en),
        region=Text(said.office_ko, said.office_en),
        stage="consultation",
        years=YearRange(said.year, said.year),
        last_event_on=last_event_on,
        municipalities_count=shown("municipalities.count"),
        consultation=consultation(said, shown, facts.proposed_on),
    )


def consultation(said: Proposal, shown: Shown, proposed_on: date) -> Consultation:
    """Nobody has answered yet as far as Ieum knows: answers will come as events of their own."""
    return Consultation(
        asked=shown("municipalities.count", evidence=1),
        answered=UNKNOWN,
        funders=tuple(said.funders),
        proposed_on=proposed_on,
        municipalities=tuple(
            ConsultedMunicipality(one.code, companies.place(one.code)) for one in said.municipalities
        ),
        agency=Text(said.executing_agency_ko),
        reason=Text(said.reason_ko),
        answer_by=said.answer_by,
    )
