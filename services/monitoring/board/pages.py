"""Views of the board's pages: each function reads the data of one page and returns its view."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.monitoring.board import queries
from services.monitoring.board.case_page import CaseRows, case_view
from services.monitoring.board.cases_page import (
    PAGE_SIZE,
    cases_view,
    milestone_work,
    page_count,
    tranche_work,
)
from services.monitoring.board.lineage_page import lineage_view
from services.monitoring.board.parts.case_view import CaseFilter, CasesView, CaseView
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.views import OverviewView, WorkItem
from services.monitoring.board.timeline_entries import timeline_entry
from services.monitoring.figures import queries as figures
from services.monitoring.figures.assessment import STAGES
from services.monitoring.figures.inputs import FigureInputs
from services.monitoring.figures.programme import ProgrammeView, programme_view
from shared.database.transaction import Transaction

WORK_LIMIT = 50
RECENT_LIMIT = 8


@dataclass(frozen=True)
class BoardSnapshot:
    """A snapshot transaction, the business date asked for, today's date, and the projections' position."""

    transaction: Transaction
    as_of: date
    today: date
    position: queries.ProjectionPosition


async def overview(snapshot: BoardSnapshot) -> OverviewView:
    """Return the overview; work and recent changes are those of now, so a page of a past date has none."""
    all_inputs = await load_all_inputs(snapshot)
    view = await overview_rows(snapshot, all_inputs)
    if snapshot.as_of < snapshot.today:
        return view
    definitions = {inputs.programme_id: inputs.definition for inputs in all_inputs}
    changes = [
        timeline_entry(row, definitions.get(row.programme_id), row.company)
        for row in await queries.recent(snapshot.transaction, RECENT_LIMIT)
    ]
    return replace(view, work=tuple(await work_items(snapshot, all_inputs)), recent=tuple(changes))


async def programmes(snapshot: BoardSnapshot) -> OverviewView:
    return await overview_rows(snapshot, await load_all_inputs(snapshot))


async def load_all_inputs(snapshot: BoardSnapshot) -> list[FigureInputs]:
    """Return the inputs of every known programme, without the details of its own page."""
    return await figures.load_all_inputs(snapshot.transaction, snapshot.as_of, in_detail=False)


async def overview_rows(snapshot: BoardSnapshot, all_inputs: Sequence[FigureInputs]) -> OverviewView:
    """Return the rows of the overview: running programmes first, then proposals, then past results."""
    ids = [inputs.programme_id for inputs in all_inputs]
    last_event_dates = await figures.last_event_dates(snapshot.transaction, ids, snapshot.as_of)
    views = sorted(map(programme_view, all_inputs), key=lambda view: STAGES.index(view.stage))
    return OverviewView(tuple(views), last_event_dates=last_event_dates)


async def work_items(snapshot: BoardSnapshot, all_inputs: Sequence[FigureInputs]) -> list[WorkItem]:
    """Return the tranches and milestones that need somebody's action, soonest first."""
    definitions = {inputs.programme_id: inputs.definition for inputs in all_inputs}
    tranches = await queries.tranches_waiting(snapshot.transaction, WORK_LIMIT)
    milestones = await queries.milestones_waiting(
        snapshot.transaction, list(definitions), snapshot.as_of, WORK_LIMIT
    )
    items = [tranche_work(row, definitions) for row in tranches]
    items += [milestone_work(row, definitions) for row in milestones]
    return sorted(items, key=lambda item: (item.due_on or date.max, item.company))


async def programme(snapshot: BoardSnapshot, programme_id: str) -> ProgrammeView:
    inputs = await figures.load_programme_inputs(snapshot.transaction, programme_id, snapshot.as_of)
    last_event_dates = await figures.last_event_dates(snapshot.transaction, [programme_id], snapshot.as_of)
    due = await queries.due_milestones(snapshot.transaction, programme_id, snapshot.as_of)
    pledge = inputs.definition.pledge if inputs.definition else None
    related = (
        await queries.related(snapshot.transaction, programme_id, pledge.id, snapshot.as_of) if pledge else []
    )
    return programme_view(inputs, last_event_dates.get(programme_id), due, related)


async def case(snapshot: BoardSnapshot, case_id: UUID) -> CaseView:
    row = await queries.case(snapshot.transaction, str(case_id), snapshot.as_of)
    id, company = str(case_id), str(row.company_id) if row.company_id else None
    definitions = await figures.definitions_of(snapshot.transaction, [row.programme_id], snapshot.as_of)
    return case_view(
        CaseRows(
            case=row,
            milestones=await queries.milestones(snapshot.transaction, id, snapshot.as_of),
            tranches=await queries.tranches(snapshot.transaction, id),
            messages=await queries.messages(snapshot.transaction, id, snapshot.as_of),
            timeline=await queries.timeline_events(
                snapshot.transaction, [id, company] if company else [id], snapshot.as_of
            ),
            definition=definitions[row.programme_id],
            as_of=snapshot.as_of,
        )
    )


async def cases(snapshot: BoardSnapshot, case_filter: CaseFilter) -> CasesView:
    """Return a page of the list of cases; the last one where a later one is asked for."""
    ids = await figures.known_programmes(snapshot.transaction, snapshot.as_of)
    definitions = await figures.definitions_of(snapshot.transaction, ids, snapshot.as_of)
    total = await queries.count_cases(snapshot.transaction, snapshot.as_of, case_filter)
    case_filter = replace(case_filter, page=min(case_filter.page, page_count(total)))
    rows = await queries.cases(snapshot.transaction, snapshot.as_of, case_filter, PAGE_SIZE)
    return cases_view(
        total, rows, case_filter, await queries.years(snapshot.transaction, snapshot.as_of), definitions
    )


async def lineage(snapshot: BoardSnapshot, programme_id: str, path: str, event_id: str | None) -> LineageView:
    inputs = await figures.load_programme_inputs(snapshot.transaction, programme_id, snapshot.as_of)
    return await lineage_view(snapshot.transaction, inputs, path, event_id)
