"""Reads the board's pages from projections, as of a business date; SQL in, rows out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.monitoring.board.fill.programme import DueRow
from services.monitoring.board.parts.case_view import Filter
from services.monitoring.board.parts.values import Text
from services.monitoring.projections import timeline
from services.monitoring.projections.milestones import OPEN
from services.monitoring.projections.tranches import WAITING
from shared.database.engine import Executor, fetch
from shared.errors import NotFound

SOURCES = sorted({event.source for event in timeline.PROJECTION.rows})
DUE_DAYS = 30
MOST = 500

# Ids grow with time, so each source's last id is its newest.
FOLDED = """
    select position, epoch, newest.at from (
        select coalesce(sum(next), 0)::bigint as position, max(epoch) as epoch from projection_offset
    ) folded cross join (
        select max(last.recorded_at) as at from unnest($1::text[]) as s (source) cross join lateral (
            select recorded_at from timeline t where t.source = s.source order by id desc limit 1
        ) last
    ) newest
"""

# One probe of the index a programme, however many events there are.
LAST_EVENT_ON = f"""
    select p.id, newest.occurred_on as on_day from unnest($1::text[]) as p (id)
    cross join lateral (
        select occurred_on from timeline
        where programme_id = p.id and occurred_on <= $2::date and {timeline.NEWS}
        order by occurred_on desc limit 1
    ) newest
"""

# The soonest are found before cases and companies are looked up: one probe a row that is wanted, not a row that is due.
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
        where coalesce(c.lost_on > $2::date, true)
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


class Folded(NamedTuple):
    """What was folded so far: `position` and `epoch` differ as soon as anything more was, or rows were swapped for rebuilt ones."""

    position: int
    epoch: int | None
    newest_at: datetime | None  # when the newest event was recorded


async def folded(session: Executor) -> Folded:
    [row] = await fetch(session, FOLDED, SOURCES)
    return Folded(*row)


async def last_event_on(session: Executor, ids: Sequence[str], on: date) -> dict[str, date]:
    """The business date of the newest event that counts in each programme."""
    return {row.id: row.on_day for row in await fetch(session, LAST_EVENT_ON, list(ids), on)}


async def due_milestones(session: Executor, programme_id: str, on: date) -> list[DueRow]:
    """Within 30 days. Of more than 500 the last day is left out: a day is shown whole or not at all."""
    rows = [DueRow(*row) for row in await fetch(session, DUE, programme_id, on, DUE_DAYS, MOST + 1)]
    return [row for row in rows if row.due_on < rows[-1].due_on] if len(rows) > MOST else rows


async def related(session: Executor, programme_id: str, pledge: str, on: date) -> list[tuple[str, Text]]:
    """Other programmes of the same pledge."""
    rows = await fetch(session, RELATED, on)
    others = [row for row in rows if row.pledge == pledge and row.programme_id != programme_id]
    return [(row.programme_id, Text(row.ko, row.en)) for row in others]


# Cases. What a case is on the day, in one word; the newest fact of its life speaks.
STATUS = """
    case when c.recorded_on <= $1::date then 'recorded'
         when c.lost_on <= $1::date then 'abandoned'
         when c.withdrawn_on <= $1::date then 'withdrawn'
         when c.completed_on <= $1::date then 'completed'
         when c.agreed_on <= $1::date then case when c.starts_on <= $1::date then 'in_progress' else 'agreed' end
         when c.selected_on <= $1::date then 'selected'
         when c.reserved_on <= $1::date then 'reserved'
         when c.rejected_on <= $1::date then 'rejected'
         when c.screened_on <= $1::date then case when c.eligible then 'screened' else 'ineligible' end
         else 'applied' end
"""
NAMED = f"""
    select c.*, {STATUS} as status, coalesce(c.company_name_ko, k.name_ko, '') as company,
        k.business_number, k.state as business_state, k.state_on as business_state_on
    from case_row c left join company_row k on k.company_id = c.company_id
    where (c.applied_on <= $1::date or c.recorded_on <= $1::date)
"""

ONE_CASE = f"{NAMED} and c.case_id = $2::uuid"

ASKED = f"""
    select * from ({NAMED}
        and ($2::text is null or c.programme_id = $2)
        and ($3::int is null or $3 between c.year_from and c.year_to)
        and ($4::text is null or c.track = $4)) named
    where ($5::text is null or status = $5)
      and ($6::text = '' or company ilike '%' || $6 || '%' or number ilike '%' || $6 || '%')
"""

FOUND = f"select count(*) as found from ({ASKED}) asked"

CASES = f"""
    select f.case_id::text as case_id, f.number, f.company, f.municipality, f.programme_id, f.track, f.year_to,
        f.status, f.total_krw, f.recorded_on,
        f.national_krw, f.province_krw, f.city_krw,
        paid.krw as paid_krw, next.due_on as next_due, next.milestone as next_milestone
    from (
        {ASKED} order by year_to desc, number, case_id limit $7::int offset $8::int
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
    from case_tile where occurred_on <= $1::date
    group by year_from, year_to, recorded having sum(applied) > 0 or recorded and sum(selected) > 0
    order by 1 desc
"""

MILESTONES = """
    select * from milestone_row where case_id = $2::uuid and scheduled_on <= $1::date order by due_on, milestone
"""
TRANCHES = "select * from tranche_row where case_id = $1::uuid and steps is not null order by number"
MESSAGES = """
    select * from message_row where case_id = $2::uuid and told_on <= $1::date order by told_on desc, message_id desc
"""
TIMELINE = """
    select * from timeline where subject = any($2::text[]) and occurred_on <= $1::date
    order by occurred_on, recorded_at, id
"""


async def case(session: Executor, case_id: str, on: date) -> Any:
    """Raises NotFound for a case that did not exist on the day."""
    found = await fetch(session, ONE_CASE, on, case_id)
    if not found:
        raise NotFound(
            "case_unknown",
            ko=f"{on}에는 이 과제가 없습니다. 과제 목록에서 고르거나 기준일을 뒤로 옮기세요.",
            en=f"There is no such case on {on}. Pick one from the list, or a later date.",
        )
    return found[0]


async def cases_found(session: Executor, on: date, asked: Filter) -> int:
    """How many cases the filter finds."""
    [row] = await fetch(session, FOUND, *filtered(on, asked))
    found: int = row.found
    return found


async def cases(session: Executor, on: date, asked: Filter, page_size: int) -> list[Any]:
    """A page of the list."""
    place = page_size, (asked.page - 1) * page_size
    return await fetch(session, CASES, *filtered(on, asked), *place)


def filtered(on: date, asked: Filter) -> tuple[Any, ...]:
    words = asked.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return on, asked.programme, asked.year, asked.track, asked.status, words


async def years(session: Executor, on: date) -> list[int]:
    return [row.year for row in await fetch(session, YEARS, on)]


async def milestones(session: Executor, case_id: str, on: date) -> list[Any]:
    return await fetch(session, MILESTONES, on, case_id)


async def tranches(session: Executor, case_id: str) -> list[Any]:
    return await fetch(session, TRANCHES, case_id)


async def messages(session: Executor, case_id: str, on: date) -> list[Any]:
    return await fetch(session, MESSAGES, on, case_id)


async def timeline_of(session: Executor, subjects: Sequence[str], on: date) -> list[Any]:
    """Every event of the case and of its company, oldest first."""
    return await fetch(session, TIMELINE, on, list(subjects))


# The overview: what needs somebody now, and what has changed last.
TRANCHES_WAITING = f"""
    select t.state, t.due_on, t.case_id::text as case_id, t.number, t.total_krw, t.programme_id,
        coalesce(k.name_ko, c.number, '') as company
    from tranche_row t join case_row c using (case_id) left join company_row k on k.company_id = c.company_id
    where t.{WAITING} and c.lost_on is null
    order by t.due_on, t.case_id, t.number limit $1
"""
MILESTONES_WAITING = f"""
    select m.due_on, m.milestone, m.case_id::text as case_id, m.programme_id, m.missed_on is not null as is_missed,
        coalesce(k.name_ko, c.number, '') as company
    from milestone_row m join case_row c using (case_id) left join company_row k on k.company_id = c.company_id
    where m.programme_id = any($1::text[]) and m.due_on <= $2::date + 7
      and {OPEN} and c.lost_on is null
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
TOLD = (
    "agreement.signed.v1",
    "case.abandoned.v1",
    "company.selected.v1",
    "milestone.achieved.v1",
    "milestone.missed.v1",
    "pledge.progress_reported.v1",
    "programme.published.v1",
    "tranche.disbursed.v1",
    "tranche.failed.v1",
    "tranche.unconfirmed.v1",
)


async def tranches_waiting(session: Executor, limit: int) -> list[Any]:
    return await fetch(session, TRANCHES_WAITING, limit)


async def milestones_waiting(session: Executor, ids: Sequence[str], on: date, limit: int) -> list[Any]:
    """Missed, or due within a week."""
    return await fetch(session, MILESTONES_WAITING, list(ids), on, limit)


async def recent(session: Executor, limit: int) -> list[Any]:
    """The newest events that an operator wants to hear of, newest first."""
    return await fetch(session, RECENT, SOURCES, list(TOLD), limit)
