"""Reads what figures are computed from, as of a business date: a few aggregates for any number of programmes."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from services.monitoring.figures.domain import Call, CaseGroup, Facts, Json, Money, Place, Report
from services.monitoring.figures.programme import figures
from services.monitoring.projections.money import Kind
from shared.database.engine import Executor, fetch
from shared.errors import NotFound
from shared.events.definition import Definition, Proposal

KNOWN = """
    select programme_id, max(holds_from) filter (where version is not null) is not null as is_defined
    from programme_version where holds_from <= $1::date group by programme_id order by 2 desc, programme_id
"""

# A row is a version or a proposal: the newest of each kind.
SAID = """
    select distinct on (programme_id, version is null)
        programme_id, version, definition::text as definition, holds_from, proposal
    from programme_version where programme_id = any($1::text[]) and holds_from <= $2
    order by programme_id, version is null, version desc, sequence desc
"""

# One row a programme: what each of seven statements would give is a column, and each statement a wait of its own.
# A row of an overview ($3 is false) shows past spending alone of the money, and no details.
EACH = f"""
    select p.id,
        array(
            select (kind, fiscal_year, funder, sum(amount_krw)::bigint) from money_tile t
            where t.programme_id = p.id and occurred_on <= $2::date and ($3 or kind = '{Kind.PAST}')
            group by kind, fiscal_year, funder order by kind, fiscal_year, funder
        ) as money,
        array(
            select (kind, fiscal_year, sum(events)::bigint) from money_event_tile t
            where $3 and t.programme_id = p.id and occurred_on <= $2::date
            group by kind, fiscal_year
        ) as money_events,
        array(
            select (
                round_id, year, case when opened_on <= $2::date then quota end,
                coalesce(agreed_on <= $2::date, false)
            )
            from round_row r
            where r.programme_id = p.id and (opened_on <= $2::date or agreed_on <= $2::date)
            order by year, round_id
        ) as calls,
        array(
            select (municipality, sum(applied), sum(selected), sum(finished)) from place_tile t
            where $3 and t.programme_id = p.id and occurred_on <= $2::date
            group by municipality
        ) as places,
        array(
            select (year_from, min(starts_on), max(ends_on)) from (
                select year_from, starts_on, ends_on from agreement_tile t
                where $3 and t.programme_id = p.id and occurred_on <= $2::date
                group by year_from, starts_on, ends_on having sum(agreed) > 0
            ) held
            group by year_from
        ) as runs,
        (
            select coalesce(sum(companies), 0) from visited_tile t
            where t.programme_id = p.id and occurred_on <= $2::date
        ) as visited,
        (
            select (percent, reported_by_ko, occurred_on) from pledge_report r
            where r.pledge_id = p.pledge and occurred_on <= $2::date
            order by occurred_on desc, sequence desc limit 1
        ) as report
    from unnest($1::text[], $4::text[]) as p (id, pledge)
"""

# What a case is on the day: a comparison of its dates. A null date has not happened. Counts of many cases come
# from tiles (projections/case_tiles.py), which know these rules as well; a test holds one to the other.
ON_THE_DAY = """
    select c.*,
        coalesce(applied_on <= $2::date, false) as is_applied,
        coalesce(recorded_on <= $2::date, false)
            or coalesce(selected_on <= $2::date, false) and coalesce(lost_on > $2::date, true) as is_held,
        coalesce(reserved_on <= $2::date, false) and coalesce(selected_on > $2::date, true)
            and coalesce(withdrawn_on > $2::date, true) and coalesce(lost_on > $2::date, true) as is_waiting,
        coalesce(agreed_on <= $2::date, false) as is_agreed,
        coalesce(lost_on <= $2::date, false) as is_lost,
        coalesce(completed_on <= $2::date, false) or coalesce(record_status = 'completed', false) as is_completed,
        coalesce(final_due_on between $2::date and $2::date + $3::int, false) as is_due
    from case_row c
"""

# What of a group adds up to no case on the day is none of it. A row of an overview shows no tracks.
CASES = """
    select programme_id, year_from, year_to, nullif(track, '') as track, recorded,
        sum(applied)::bigint as applied, sum(reserved)::bigint as reserved, sum(selected)::bigint as selected,
        sum(abandoned)::bigint as abandoned, sum(completed)::bigint as completed, sum(about_to)::bigint as about_to,
        jsonb_object_agg(agreed_year, agreed) filter (where agreed <> 0) as agreed_in,
        jsonb_object_agg(agreed_year, own_krw) filter (where own_krw <> 0) as own_krw
    from (
        select programme_id, year_from, year_to, case when $3 then track else '' end as track, recorded, agreed_year,
            sum(applied) as applied, sum(reserved) as reserved, sum(selected) as selected, sum(agreed) as agreed,
            sum(abandoned) as abandoned, sum(completed) as completed, sum(about_to) as about_to,
            sum(own_krw)::bigint as own_krw
        from case_tile where programme_id = any($1::text[]) and occurred_on <= $2::date
        group by programme_id, year_from, year_to, case when $3 then track else '' end, recorded, agreed_year
        having sum(applied) <> 0 or sum(selected) <> 0 or sum(agreed) <> 0
    ) by_agreement
    group by programme_id, year_from, year_to, by_agreement.track, recorded
    order by programme_id, year_from, year_to, by_agreement.track, recorded
"""

KINDS = {kind.value: kind for kind in Kind}


async def known_programmes(session: Executor, on: date) -> list[str]:
    """Every programme that is published or proposed by the day, the published ones first."""
    return [row.programme_id for row in await fetch(session, KNOWN, on)]


async def figures_of(session: Executor, programme_id: str, on: date) -> Json:
    """Raises NotFound for a programme that is neither published nor proposed by the day."""
    return figures(await facts_of(session, programme_id, on))


async def all_figures(session: Executor, on: date) -> list[Json]:
    """Of every programme that is known by the day."""
    ids = await known_programmes(session, on)
    found = await facts(session, ids, on)
    return [figures(found[id]) for id in ids]


async def facts_of(session: Executor, programme_id: str, on: date) -> Facts:
    found = (await facts(session, [programme_id], on))[programme_id]
    if found.definition is None and found.proposal is None:
        raise NotFound(
            "programme_unknown",
            ko=f"{on}에는 {programme_id} 사업이 없습니다. 사업 목록에서 고르거나 기준일을 뒤로 옮기세요.",
            en=f"There is no programme {programme_id} on {on}. Pick one from the list, or a later date.",
        )
    return found


async def facts(
    session: Executor, ids: Sequence[str], on: date, *, in_detail: bool = True
) -> dict[str, Facts]:
    """All that figures need, by programme; the number of statements does not grow with the programmes.

    Not `in_detail`: without what a programme's row in an overview does not show.
    """
    definitions, proposals = await said(session, ids, on)
    found = {id: Facts(id, on, in_detail, **defined(definitions.get(id), proposals.get(id))) for id in ids}
    await add_each(session, found, on, in_detail)
    await add_cases(session, found, on, in_detail)
    return found


async def said(session: Executor, ids: Sequence[str], on: date) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest version and the newest proposal that hold on the day, by programme."""
    rows = await fetch(session, SAID, ids, on)
    versions = {row.programme_id: row for row in rows if row.version is not None}
    return versions, {row.programme_id: row for row in rows if row.version is None}


async def definitions_of(session: Executor, ids: Sequence[str], on: date) -> dict[str, Definition | None]:
    """What holds on the day, by programme; None for one that is only proposed."""
    found, _ = await said(session, ids, on)
    return {id: parsed(found[id].definition) if id in found else None for id in ids}


@lru_cache(maxsize=500)
def parsed(definition: str) -> Definition:
    """The same text is the same definition: reading twenty of them anew was a tenth of the overview."""
    return Definition.model_validate_json(definition)


def defined(definition: Any, proposal: Any) -> Json:
    """What a programme says of itself."""
    said: Json = {}
    if definition:
        said |= {"definition": parsed(definition.definition), "version": definition.version}
    if proposal:
        said |= {"proposal": Proposal.model_validate(proposal.proposal), "proposed_on": proposal.holds_from}
    return said


async def add_each(session: Executor, found: dict[str, Facts], on: date, in_detail: bool) -> None:
    for row in await fetch(session, EACH, list(found), on, in_detail, [*map(pledge_of, found.values())]):
        one = found[row.id]
        one.money += [Money(KINDS[kind], year, funder, krw) for kind, year, funder, krw in row.money]
        one.money_events |= {(KINDS[kind], year): events for kind, year, events in row.money_events}
        one.calls += [Call(id, year, quota or {}, is_agreed) for id, year, quota, is_agreed in row.calls]
        one.places |= {code: Place(*counts) for code, *counts in row.places}
        one.runs |= {year: (first, last) for year, first, last in row.runs}
        one.visited = row.visited
        one.report = Report(*row.report) if row.report else None


def pledge_of(one: Facts) -> str | None:
    promised = one.definition.pledge if one.definition else None
    return promised.id if promised else None


async def add_cases(session: Executor, found: dict[str, Facts], on: date, in_detail: bool) -> None:
    for row in await fetch(session, CASES, list(found), on, in_detail):
        id, *group, agreed_in, own_krw = row
        found[id].cases.append(CaseGroup(*[*group, by_year(agreed_in), by_year(own_krw)]))


def by_year(counted: dict[str, int] | None) -> dict[int, int]:
    """A JSON object's names are text; the sum over no row is null."""
    return {int(year): count for year, count in counted.items()} if counted else {}
