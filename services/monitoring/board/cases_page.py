"""Views of the list of cases and of pending work."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from services.monitoring.board.case_page import public_krw, tranche_name
from services.monitoring.board.parts.case_view import CaseFilter, CaseRow, CasesView, Choice
from services.monitoring.board.parts.views import WorkItem
from services.monitoring.figures.companies import municipality_name
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.programme import milestone_name, short_name
from services.monitoring.projections.case_states import CaseStatus
from shared.events.definition import Definition

PAGE_SIZE = 50
STATUSES_WITH_AGREEMENT = ("agreed", "in_progress", "completed", "recorded")
Definitions = Mapping[str, Definition | None]

TRANCHE_WORK: Mapping[str, Any] = {
    "requested": "tranche_to_approve",
    "approved": "tranche_to_instruct",
    "unconfirmed": "payment_unconfirmed",
}


def cases_view(
    total: int, rows: Sequence[Any], case_filter: CaseFilter, years: Sequence[int], definitions: Definitions
) -> CasesView:
    return CasesView(
        rows=tuple(case_row(row, definitions.get(row.programme_id)) for row in rows),
        total=Figure(total),
        programmes=tuple(Choice(id, short_name(id, definition)) for id, definition in definitions.items()),
        years=tuple(years),
        statuses=get_args(CaseStatus),
        case_filter=case_filter,
        page_count=page_count(total),
    )


def page_count(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def case_row(row: Any, definition: Definition | None) -> CaseRow:
    is_past_result = row.recorded_on is not None
    return CaseRow(
        case_id=row.case_id,
        number=row.number or "",
        company=row.company,
        municipality=municipality_name(row.municipality) if row.municipality else None,
        programme_name=short_name(row.programme_id, definition),
        track=row.track,
        year=row.year_to,
        status=row.status,
        agreed_krw=row.total_krw if row.status in STATUSES_WITH_AGREEMENT else None,
        disbursed_krw=public_krw(row) if is_past_result else row.paid_krw or 0,
        next_due=row.next_due,
        next_name=milestone_name(definition, row.next_milestone) if row.next_milestone else None,
    )


def tranche_work(row: Any, definitions: Definitions) -> WorkItem:
    return WorkItem(
        TRANCHE_WORK[row.state],
        due_on=row.due_on,
        case_id=row.case_id,
        company=row.company,
        name=tranche_name(definitions.get(row.programme_id), row.number),
        amount_krw=row.total_krw,
    )


def milestone_work(row: Any, definitions: Definitions) -> WorkItem:
    return WorkItem(
        "milestone_missed" if row.is_missed else "milestone_due",
        due_on=row.due_on,
        case_id=row.case_id,
        company=row.company,
        name=milestone_name(definitions.get(row.programme_id), row.milestone),
    )
