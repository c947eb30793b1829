"""All figures of one programme as of a business date, and the sections of its page and of its row in the overview."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.monitoring.figures import companies, money, pledges
from services.monitoring.figures.companies import CompanyYear, Mentors, MunicipalityRow, Round, TrackTable
from services.monitoring.figures.figure import UNKNOWN, Figure, FigureDefinition, Scope, figure
from services.monitoring.figures.inputs import ALL, FigureInputs
from services.monitoring.figures.money import Execution, MoneyTable, MoneyYear
from services.monitoring.figures.pledges import Indicator, Pledge
from services.monitoring.texts import TEXTS
from shared.errors import NotFound
from shared.events.definition import Definition, Proposal
from shared.values.money import Funder
from shared.web.ui.values import State, Text, YearRange

FIGURES: Sequence[FigureDefinition] = (
    *money.PLAN_FIGURES,
    *money.YEARLY_FIGURES,
    *companies.FIGURES,
    *pledges.FIGURES,
)
"""Every figure that pages, API, exports and proofs know."""


@dataclass(frozen=True)
class DueRow:
    """A milestone due within 30 days, of a case that still holds its award."""

    due_on: date
    milestone: str
    case_id: str
    company: str


def all_figures(inputs: FigureInputs) -> Iterator[Figure]:
    """Yield every figure that the programme has on the day; a proposal has nothing but the number that is asked."""
    for definition in FIGURES if inputs.definition else (companies.MUNICIPALITIES,):
        if inputs.in_detail or definition not in money.YEARLY_FIGURES:
            found = (figure(inputs, definition, scope) for scope in definition.scopes(inputs))
            yield from (each for each in found if each.value is not None)


def find_figure(inputs: FigureInputs, path: str) -> tuple[Figure, FigureDefinition]:
    """Return the programme's figure at the path with its definition; raise NotFound where it has none on the day."""
    for each in all_figures(inputs):
        if each.path == path and each.definition:
            return each, each.definition
    raise NotFound(
        "figure_unknown",
        ko=f"{inputs.as_of}에는 이 사업에 숫자 {path}이(가) 없습니다. 기준일을 옮기거나 사업 화면의 숫자를 눌러 여세요.",
        en=f"The programme has no figure {path} on {inputs.as_of}. Pick another date, or open it from the programme.",
    )


# Pages.


Stage = Literal["consultation", "running", "history"]
"""consultation: proposed, not published; running: published with funders; history: only past results."""


@dataclass(frozen=True, slots=True)
class DueMilestone:
    """A milestone that is due soon, and the cases that must achieve it by then."""

    due_on: date
    name: Text
    state: State
    cases: tuple[tuple[str, str], ...]  # (case id, company's name)


@dataclass(frozen=True, slots=True)
class ConsultedMunicipality:
    """A consulted municipality, and the share that it pledged (won) if it answered."""

    code: str
    name: Text
    pledged: Figure = UNKNOWN
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Consultation:
    """Consultation on a proposal: municipalities asked and answered, intended funders."""

    asked: Figure
    answered: Figure
    funders: tuple[Funder, ...]
    proposed_on: date
    municipalities: tuple[ConsultedMunicipality, ...]
    agency: Text | None = None
    reason: Text | None = None
    answer_by: date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A foreseen problem, and the answer to it."""

    problem: Text
    answer: Text


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme as of a business date. A section whose field is None or empty is not shown."""

    id: str
    name: Text
    short_name: Text  # for rows, crumbs and titles of other pages
    authority: Text  # authority that runs it: 김천시
    stage: Stage
    years: YearRange
    last_event_on: date | None  # business date of the newest event that counts here
    published_on: date | None = None  # business date of its first version
    plan_since: date | None = None  # business date from which its companies are planned as they are
    subtitles: tuple[Text, ...] = ()  # short lines under the title: 지속사업, …
    ratio: tuple[tuple[Funder, int], ...] = ()  # 50:10:20:20
    total: Figure = UNKNOWN  # 총사업비, won
    invested: Figure = UNKNOWN  # 기투자(A), won
    companies_planned: Figure = UNKNOWN  # of the whole programme
    max_support_percent: Figure = UNKNOWN  # public support's cap, percent of the building cost
    municipalities_count: Figure = UNKNOWN
    takes_applications: bool = True  # False where the programme adds to companies that another one selected
    money: MoneyTable | None = None
    money_years: tuple[MoneyYear, ...] = ()  # oldest first
    execution: Execution | None = None
    companies: tuple[CompanyYear, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    pledge: Pledge | None = None
    rounds: tuple[Round, ...] = ()  # oldest first; the last one may be only planned
    tracks: TrackTable | None = None
    mentors: Mentors | None = None
    municipalities: tuple[MunicipalityRow, ...] = ()  # total row first
    due: tuple[DueMilestone, ...] = ()
    consultation: Consultation | None = None
    risks: tuple[Risk, ...] = ()
    related: tuple[tuple[str, Text], ...] = ()  # programmes of the same pledge: (id, name)


def current_year(view: ProgrammeView, as_of: date) -> CompanyYear | None:
    """Return the row of the as-of year, or the newest one before it; None without one."""
    rows = [row for row in view.companies if row.years.first <= as_of.year]
    return max(rows, key=lambda row: row.years.last, default=None)


def stage(definition: Definition) -> Stage:
    return "history" if definition.entry == "history" else "running"


def programme_view(
    inputs: FigureInputs,
    last_event_on: date | None = None,
    due: Sequence[DueRow] = (),
    related: Sequence[tuple[str, Text]] = (),
) -> ProgrammeView:
    """Return the sections of a programme's page, or those of its row where the inputs are not in detail."""
    if inputs.definition is None:
        return proposed_view(inputs, last_event_on)
    definition, all_funders = inputs.definition, Scope(funder=ALL)
    view = ProgrammeView(
        id=inputs.programme_id,
        name=Text(definition.name_ko, definition.name_en),
        short_name=Text(definition.short_ko, definition.short_en),
        authority=Text(definition.office_ko, definition.office_en),
        stage=stage(definition),
        years=YearRange(definition.first_year, definition.last_year),
        last_event_on=last_event_on,
        published_on=inputs.published_on,
        plan_since=inputs.plan_since,
        subtitles=tuple(subtitles(definition)),
        ratio=money.ratio(definition),
        total=figure(inputs, money.TOTAL, all_funders),
        invested=figure(inputs, money.INVESTED, all_funders),
        companies_planned=figure(inputs, companies.COMPANIES_PLANNED, event_count=1),
        max_support_percent=figure(inputs, companies.MAX_SUPPORT),
        municipalities_count=figure(inputs, companies.MUNICIPALITIES),
        takes_applications=definition.entry == "application",
        money=money.money_table(inputs),
        companies=companies.company_years(inputs),
        indicators=pledges.indicators(inputs),
        pledge=pledges.pledge(inputs),
        rounds=companies.rounds(inputs),
        mentors=companies.mentors(inputs),
        due=tuple(due_milestones(due, definition, inputs.as_of)),
        related=tuple(related),
    )
    return with_details(view, inputs) if inputs.in_detail else view


def with_details(view: ProgrammeView, inputs: FigureInputs) -> ProgrammeView:
    """Add what only the programme's own page shows."""
    past_events = money.invested_event_count(inputs)
    return replace(
        view,
        total=view.total._replace(event_count=past_events + 1),
        invested=view.invested._replace(event_count=past_events),
        money_years=tuple(money.money_years(inputs)),
        execution=money.execution(inputs),
        tracks=companies.tracks(inputs),
        municipalities=companies.municipality_rows(inputs),
        risks=tuple(
            Risk(Text(risk.problem_ko), Text(risk.answer_ko)) for risk in inputs.required_definition.risks
        ),
    )


def subtitles(definition: Definition) -> Iterable[Text]:
    """Yield the short lines under the title."""
    if definition.entry == "top_up":
        yield TEXTS.text("programme.top_up")
    if definition.pledge:
        name = Text(definition.pledge.name_ko, definition.pledge.name_en)
        yield TEXTS.text("programme.of_pledge", pledge=name)
    if definition.municipalities:
        yield TEXTS.text("programme.municipality_count", count=len(definition.municipalities))


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


def proposed_view(inputs: FigureInputs, last_event_on: date | None) -> ProgrammeView:
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
        municipalities_count=figure(inputs, companies.MUNICIPALITIES),
        consultation=consultation(inputs, proposal, inputs.proposed_on),
    )


def consultation(inputs: FigureInputs, proposal: Proposal, proposed_on: date) -> Consultation:
    """Return the consultation; answers are unknown, as no event reports them."""
    return Consultation(
        asked=figure(inputs, companies.MUNICIPALITIES, event_count=1),
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
