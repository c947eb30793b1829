"""Queries of the board's pages over the projections, as of a business date; they return rows."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.monitoring.board.parts.case_view import CaseFilter
from services.monitoring.figures.programme import DueRow
from services.monitoring.projections import timeline
from services.monitoring.projections.case_states import EXISTS, status_sql
from services.monitoring.projections.milestones import OPEN
from services.monitoring.projections.tranches import WAITING
from shared.database.transaction import Transaction
from shared.errors import NotFound
from shared.web.ui.values import Text

SOURCES = sorted({event.source for event in timeline.PROJECTION.rows})
DUE_DAYS = 30
MAX_DUE_MILESTONES = 500

# Ids grow with time, so each source's last id is its newest.
POSITION = """
    select position, generation, newest.at from (
        select coalesce(sum(next), 0)::bigint as position,
            (select generation from live_projection) as generation from projection_offset
    ) folded cross join (
        select max(last.recorded_at) as at from unnest($1::text[]) as s (source) cross join lateral (
            select recorded_at from timeline t where t.source = s.source order by id desc limit 1
        ) last
    ) newest
"""

# Limits before it joins cases and companies: one probe per row returned, not per milestone due.
DUE = """
    select f.due_on, f.milestone, f.case_id::text as case_id, coalesce(k.name_ko, f.number, '') as company
    from (
        select m.due_on, m.milestone, m.case_id, c.number, c.company_id
        from (
            select due_on, milestone, case_id from milestone_row
            where programme_id = $1 and due_on between $2::date and $2::date + $3::int
              and scheduled_on <= $2::date and coalesce(achieved_on > $2::date, true)
            order by due_on offset 0
        ) m join case_row c using (case_id)
        where coalesce(c.relinquished_on > $2::date, true)
        order by m.due_on limit $4
    ) f left join company_row k on k.company_id = f.company_id
    order by f.due_on, f.milestone, company
"""

RELATED = """
    select distinct on (programme_id) programme_id, definition ->> 'short_ko' as ko, definition ->> 'short_en' as en,
        definition -> 'pledge' ->> 'id' as pledge
    from programme_version where version is not null and holds_from <= $1::date
    order by programme_id, version desc
"""


class ProjectionPosition(NamedTuple):
    """State of the projections: differs as soon as more was folded or another generation went live."""

    offset_sum: int
    generation: int | None
    last_event_at: datetime | None  # when the newest event was recorded


async def projection_position(transaction: Transaction) -> ProjectionPosition:
    [row] = await transaction.fetch(POSITION, SOURCES)
    return ProjectionPosition(*row)


async def due_milestones(transaction: Transaction, programme_id: str, as_of: date) -> list[DueRow]:
    """Return milestones due within 30 days; of more than 500 only those of whole days."""
    rows = [
        DueRow(*row)
        for row in await transaction.fetch(DUE, programme_id, as_of, DUE_DAYS, MAX_DUE_MILESTONES + 1)
    ]
    return [row for row in rows if row.due_on < rows[-1].due_on] if len(rows) > MAX_DUE_MILESTONES else rows


async def related(
    transaction: Transaction, programme_id: str, pledge: str, as_of: date
) -> list[tuple[str, Text]]:
    """Return the other programmes of the same pledge, as id and short name."""
    rows = await transaction.fetch(RELATED, as_of)
    others = [row for row in rows if row.pledge == pledge and row.programme_id != programme_id]
    return [(row.programme_id, Text(row.ko, row.en)) for row in others]


CASES_WITH_STATUS = f"""
    select c.*, {status_sql("$1::date")} as status, coalesce(c.company_name_ko, k.name_ko, '') as company,
        k.business_number, k.state as business_state, k.state_on as business_state_on
    from case_row c left join company_row k on k.company_id = c.company_id
    where {EXISTS.sql("$1::date")}
"""

ONE_CASE = f"{CASES_WITH_STATUS} and c.case_id = $2::uuid"

FILTERED_CASES = f"""
    select * from ({CASES_WITH_STATUS}
        and ($2::text is null or c.programme_id = $2)
        and ($3::int is null or $3 between c.year_from and c.year_to)
        and ($4::text is null or c.track = $4)) named
    where ($5::text is null or status = $5)
      and ($6::text = '' or company ilike '%' || $6 || '%' or number ilike '%' || $6 || '%')
"""

CASE_COUNT = f"select count(*) as total from ({FILTERED_CASES}) filtered"

CASES = f"""
    select f.case_id::text as case_id, f.number, f.company, f.municipality, f.programme_id, f.track, f.year_to,
        f.status, f.total_krw, f.recorded_on,
        f.national_krw, f.province_krw, f.city_krw,
        paid.krw as paid_krw, next.due_on as next_due, next.milestone as next_milestone
    from (
        {FILTERED_CASES} order by year_to desc, number, case_id limit $7::int offset $8::int
    ) f
    left join lateral (
        select sum(t.total_krw)::bigint as krw from tranche_row t
        where t.case_id = f.case_id and exists (
            select from jsonb_array_elements(t.steps) s
            where s ->> 'state' = 'disbursed' and (s ->> 'on')::date <= $1::date)
    ) paid on true
    left join lateral (
        select m.due_on, m.milestone from milestone_row m
        where m.case_id = f.case_id and m.scheduled_on <= $1::date and coalesce(m.achieved_on > $1::date, true)
          and f.status in ('agreed', 'in_progress')
        order by m.due_on limit 1
    ) next on true
    order by f.year_to desc, f.number, f.case_id
"""

YEARS = """
    select distinct generate_series(year_from, year_to) as year
    from case_rollup where occurred_on <= $1::date
    group by year_from, year_to, recorded having sum(applied) > 0 or recorded and sum(selected) > 0
    order by 1 desc
"""

MILESTONES = """
    select * from milestone_row where case_id = $2::uuid and scheduled_on <= $1::date order by due_on, milestone
"""
TRANCHES = "select * from tranche_row where case_id = $1::uuid and steps is not null order by number"
MESSAGES = """
    select * from message_row where case_id = $2::uuid and first_event_on <= $1::date order by first_event_on desc, message_id desc
"""
TIMELINE = """
    select * from timeline where subject = any($2::text[]) and occurred_on <= $1::date
    order by occurred_on, recorded_at, id
"""


async def case(transaction: Transaction, case_id: str, as_of: date) -> Any:
    """Return the case; raise NotFound where it did not exist on the day."""
    rows = await transaction.fetch(ONE_CASE, as_of, case_id)
    if not rows:
        raise NotFound(
            "case_unknown",
            ko=f"{as_of}에는 이 과제가 없습니다. 과제 목록에서 고르거나 기준일을 뒤로 옮기세요.",
            en=f"There is no such case on {as_of}. Pick one from the list, or a later date.",
        )
    return rows[0]


async def count_cases(transaction: Transaction, as_of: date, case_filter: CaseFilter) -> int:
    """Return the number of cases that match the filter."""
    [row] = await transaction.fetch(CASE_COUNT, *filter_arguments(as_of, case_filter))
    total: int = row.total
    return total


async def cases(transaction: Transaction, as_of: date, case_filter: CaseFilter, page_size: int) -> list[Any]:
    """Return one page of the cases that match the filter, newest year first."""
    page = page_size, (case_filter.page - 1) * page_size
    return await transaction.fetch(CASES, *filter_arguments(as_of, case_filter), *page)


def filter_arguments(as_of: date, case_filter: CaseFilter) -> tuple[Any, ...]:
    """Return the parameters of FILTERED_CASES; the text searched for is no pattern."""
    pattern = case_filter.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return as_of, case_filter.programme, case_filter.year, case_filter.track, case_filter.status, pattern


async def years(transaction: Transaction, as_of: date) -> list[int]:
    return [row.year for row in await transaction.fetch(YEARS, as_of)]


async def milestones(transaction: Transaction, case_id: str, as_of: date) -> list[Any]:
    return await transaction.fetch(MILESTONES, as_of, case_id)


async def tranches(transaction: Transaction, case_id: str) -> list[Any]:
    return await transaction.fetch(TRANCHES, case_id)


async def messages(transaction: Transaction, case_id: str, as_of: date) -> list[Any]:
    return await transaction.fetch(MESSAGES, as_of, case_id)


async def timeline_events(transaction: Transaction, subjects: Sequence[str], as_of: date) -> list[Any]:
    """Return all events of the subjects (a case and its company), oldest first."""
    return await transaction.fetch(TIMELINE, as_of, list(subjects))


# The overview: pending work and recent changes.
TRANCHES_WAITING = f"""
    select t.state, t.due_on, t.case_id::text as case_id, t.number, t.total_krw, t.programme_id,
        coalesce(k.name_ko, c.number, '') as company
    from tranche_row t join case_row c using (case_id) left join company_row k on k.company_id = c.company_id
    where t.{WAITING} and c.relinquished_on is null
    order by t.due_on, t.case_id, t.number limit $1
"""
MILESTONES_WAITING = f"""
    select m.due_on, m.milestone, m.case_id::text as case_id, m.programme_id, m.missed_on is not null as is_missed,
        coalesce(k.name_ko, c.number, '') as company
    from milestone_row m join case_row c using (case_id) left join company_row k on k.company_id = c.company_id
    where m.programme_id = any($1::text[]) and m.due_on <= $2::date + 7
      and {OPEN} and c.relinquished_on is null
    order by m.due_on, m.case_id, m.milestone limit $3
"""
RECENT = """
    select newest.*, coalesce(c.company_name_ko, k.name_ko) as company
    from unnest($1::text[]) as s (source)
    cross join lateral (
        select t.* from (
            select * from timeline t where t.source = s.source order by id desc limit 300
        ) t where t.name = any($2::text[]) order by id desc limit $3
    ) newest
    left join case_row c on c.case_id = (newest.data ->> 'case_id')::uuid
    left join company_row k on k.company_id = c.company_id
    order by newest.recorded_at desc, newest.id desc limit $3
"""
RECENT_EVENTS = (
    "agreement.signed.v1",
    "case.abandoned.v1",
    "company.selected.v2",
    "milestone.achieved.v1",
    "milestone.missed.v1",
    "pledge.progress_reported.v1",
    "programme.published.v1",
    "tranche.disbursed.v1",
    "tranche.failed.v1",
    "tranche.unconfirmed.v1",
)


async def tranches_waiting(transaction: Transaction, limit: int) -> list[Any]:
    return await transaction.fetch(TRANCHES_WAITING, limit)


async def milestones_waiting(
    transaction: Transaction, ids: Sequence[str], as_of: date, limit: int
) -> list[Any]:
    """Return open milestones that were missed or are due within a week."""
    return await transaction.fetch(MILESTONES_WAITING, list(ids), as_of, limit)


async def recent(transaction: Transaction, limit: int) -> list[Any]:
    """Return the newest of the events in RECENT_EVENTS, newest first."""
    return await transaction.fetch(RECENT, SOURCES, list(RECENT_EVENTS), limit)
