"""The board's pages: reads what one page needs, fills its view, and hands it to its template."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.monitoring.board import queries
from services.monitoring.board.fill.case import CaseRows, case_view
from services.monitoring.board.fill.cases import PAGE_SIZE, cases_view, milestone_work, pages_of, tranche_work
from services.monitoring.board.fill.kept import row_view
from services.monitoring.board.fill.programme import programme_view
from services.monitoring.board.fill.timeline import entry
from services.monitoring.board.lineage.view import lineage_view
from services.monitoring.board.parts.case_view import CasesView, CaseView, Filter
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.board.parts.verdict import STAGES
from services.monitoring.board.parts.views import OverviewView, WorkItem
from services.monitoring.figures import queries as figures
from services.monitoring.figures.domain import Facts
from shared.database.engine import Executor

MOST_WORK = 50
RECENT = 8


@dataclass(frozen=True)
class Moment:
    """A transaction that sees one moment, the business date that is asked for, today's, and what was folded by then."""

    session: Executor
    on: date
    today: date
    folded: queries.Folded


async def overview(at: Moment) -> OverviewView:
    """What needs somebody and what changed last are of now: a page of a past date leaves them out."""
    found = await every(at)
    view = await rows(at, found)
    if at.on < at.today:
        return view
    definitions = {one.programme_id: one.definition for one in found}
    changed = [
        entry(row, definitions.get(row.programme_id), row.company)
        for row in await queries.recent(at.session, RECENT)
    ]
    return replace(view, work=tuple(await work(at, found)), recent=tuple(changed))


async def programmes(at: Moment) -> OverviewView:
    return await rows(at, await every(at))


async def every(at: Moment) -> list[Facts]:
    ids = await figures.known_programmes(at.session, at.on)
    return list((await figures.facts(at.session, ids, at.on, in_detail=False)).values())


async def rows(at: Moment, found: Sequence[Facts]) -> OverviewView:
    """Those that run first, then drafts, then what is only history."""
    latest = await queries.last_event_on(at.session, [one.programme_id for one in found], at.on)
    views = sorted(map(row_view, found), key=lambda view: STAGES.index(view.stage))
    return OverviewView(tuple(views), latest=latest)


async def work(at: Moment, found: Sequence[Facts]) -> list[WorkItem]:
    """Soonest first."""
    definitions = {one.programme_id: one.definition for one in found}
    tranches = await queries.tranches_waiting(at.session, MOST_WORK)
    milestones = await queries.milestones_waiting(at.session, list(definitions), at.on, MOST_WORK)
    items = [tranche_work(row, definitions) for row in tranches]
    items += [milestone_work(row, definitions) for row in milestones]
    return sorted(items, key=lambda item: (item.due_on or date.max, item.company))


async def programme(at: Moment, programme_id: str) -> ProgrammeView:
    found = await figures.facts_of(at.session, programme_id, at.on)
    newest = await queries.last_event_on(at.session, [programme_id], at.on)
    due = await queries.due_milestones(at.session, programme_id, at.on)
    promised = found.definition.pledge if found.definition else None
    same = await queries.related(at.session, programme_id, promised.id, at.on) if promised else []
    return programme_view(found, newest.get(programme_id), due, same)


async def case(at: Moment, case_id: UUID) -> CaseView:
    found = await queries.case(at.session, str(case_id), at.on)
    id, company = str(case_id), str(found.company_id) if found.company_id else None
    known = await figures.definitions_of(at.session, [found.programme_id], at.on)
    return case_view(
        CaseRows(
            case=found,
            milestones=await queries.milestones(at.session, id, at.on),
            tranches=await queries.tranches(at.session, id),
            messages=await queries.messages(at.session, id, at.on),
            timeline=await queries.timeline_of(at.session, [id, company] if company else [id], at.on),
            definition=known[found.programme_id],
            on=at.on,
        )
    )


async def cases(at: Moment, asked: Filter) -> CasesView:
    """A page beyond the last one is the last one."""
    ids = await figures.known_programmes(at.session, at.on)
    known = await figures.definitions_of(at.session, ids, at.on)
    found = await queries.cases_found(at.session, at.on, asked)
    asked = replace(asked, page=min(asked.page, pages_of(found)))
    rows = await queries.cases(at.session, at.on, asked, PAGE_SIZE)
    return cases_view(found, rows, asked, await queries.years(at.session, at.on), known)


async def lineage(at: Moment, programme_id: str, path: str, event_id: str | None) -> LineageView:
    found = await figures.facts_of(at.session, programme_id, at.on)
    return await lineage_view(at.session, found, path, event_id)
