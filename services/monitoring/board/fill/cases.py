"""The list of cases, and what needs somebody today."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from services.monitoring.board.fill.case import public_krw, tranche_name
from services.monitoring.board.fill.companies import place
from services.monitoring.board.fill.programme import milestone_name, short_name
from services.monitoring.board.parts.case_view import CaseRow, CaseStatus, CasesView, Choice, Filter
from services.monitoring.board.parts.values import Figure
from services.monitoring.board.parts.views import WorkItem
from shared.events.definition import Definition

PAGE_SIZE = 50
HOLDING = ("agreed", "in_progress", "completed", "recorded")
Definitions = Mapping[str, Definition | None]

TRANCHE_WORK: Mapping[str, Any] = {
    "requested": "tranche_to_approve",
    "approved": "tranche_to_instruct",
    "unconfirmed": "payment_unconfirmed",
}


def cases_view(
    found: int, rows: Sequence[Any], asked: Filter, years: Sequence[int], definitions: Definitions
) -> CasesView:
    return CasesView(
        rows=tuple(case_row(row, definitions.get(row.programme_id)) for row in rows),
        found=Figure(found),
        programmes=tuple(Choice(id, short_name(id, definition)) for id, definition in definitions.items()),
        years=tuple(years),
        statuses=get_args(CaseStatus),
        asked=asked,
        pages=pages_of(found),
    )


def pages_of(found: int) -> int:
    return max(1, -(-found // PAGE_SIZE))


def case_row(row: Any, definition: Definition | None) -> CaseRow:
    recorded = row.recorded_on is not None
    return CaseRow(
        case_id=row.case_id,
        number=row.number or "",
        company=row.company,
        municipality=place(row.municipality) if row.municipality else None,
        programme_name=short_name(row.programme_id, definition),
        track=row.track,
        year=row.year_to,
        status=row.status,
        agreed_krw=row.total_krw if row.status in HOLDING else None,
        disbursed_krw=(public_krw(row) if recorded else row.paid_krw) or 0,
        next_due=row.next_due,
        next_name=milestone_name(definition, row.next_milestone) if row.next_milestone else None,
    )


def tranche_work(row: Any, definitions: Definitions) -> WorkItem:
    return WorkItem(
        TRANCHE_WORK[row.state],
        due_on=row.due_on,
        case_id=row.case_id,
        company=row.company,
        what=tranche_name(definitions.get(row.programme_id), row.number),
        amount_krw=row.total_krw,
    )


def milestone_work(row: Any, definitions: Definitions) -> WorkItem:
    return WorkItem(
        "milestone_missed" if row.is_missed else "milestone_due",
        due_on=row.due_on,
        case_id=row.case_id,
        company=row.company,
        what=milestone_name(definitions.get(row.programme_id), row.milestone),
    )
