"""Queries for the inputs of figures as of a business date: a few aggregates for any number of programmes."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from services.monitoring.figures.inputs import (
    CaseGroup,
    FigureInputs,
    MoneySum,
    MunicipalityCounts,
    RoundInputs,
    StatedProgress,
)
from services.monitoring.projections import timeline
from services.monitoring.projections.money import MoneyKind
from shared.database.transaction import Transaction
from shared.errors import NotFound
from shared.events.definition import Definition, Proposal

PROGRAMMES = """
    select programme_id, max(holds_from) filter (where version is not null) is not null as is_defined
    from programme_version where holds_from <= $1::date group by programme_id order by 2 desc, programme_id
"""

# A row is a version or a proposal: the newest of each kind.
# `plan` numbers the plans of companies by the versions that change them: a plan that comes back is another one.
VERSIONS = """
    select distinct on (programme_id, version is null)
        programme_id, version, definition::text as definition, holds_from, proposal,
        min(holds_from) over (partition by programme_id, version is null) as published_on,
        min(holds_from) over (partition by programme_id, version is null, plan) as plan_since
    from (
        select *, count(*) filter (where is_new_plan) over versions as plan
        from (
            select *, plan_rows is distinct from lag(plan_rows) over versions as is_new_plan
            from (select *, definition -> 'planned_companies' as plan_rows from programme_version) p
            where programme_id = any($1::text[]) and holds_from <= $2
            window versions as (partition by programme_id, version is null order by version, sequence)
        ) changes
        window versions as (partition by programme_id, version is null order by version, sequence)
    ) plans
    order by programme_id, version is null, version desc, sequence desc
"""

# One row a programme with a column for each aggregate: seven statements would be seven round trips.
# A row of an overview ($3 is false) shows past spending alone of the money, and no details.
AGGREGATES = f"""
    select p.id,
        array(
            select (kind, fiscal_year, funder, sum(amount_krw)::bigint) from money_rollup t
            where t.programme_id = p.id and occurred_on <= $2::date and ($3 or kind = '{MoneyKind.PAST}')
            group by kind, fiscal_year, funder order by kind, fiscal_year, funder
        ) as money,
        array(
            select (kind, fiscal_year, sum(events)::bigint) from money_event_rollup t
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
        ) as rounds,
        array(
            select (municipality, sum(applied), sum(selected), sum(finished)) from municipality_rollup t
            where $3 and t.programme_id = p.id and occurred_on <= $2::date
            group by municipality
        ) as municipalities,
        array(
            select (year_from, min(starts_on), max(ends_on)) from (
                select year_from, starts_on, ends_on from agreement_rollup t
                where $3 and t.programme_id = p.id and occurred_on <= $2::date
                group by year_from, starts_on, ends_on having sum(agreed) > 0
            ) in_force
            group by year_from
        ) as agreement_periods,
        (
            select coalesce(sum(companies), 0) from visited_rollup t
            where t.programme_id = p.id and occurred_on <= $2::date
        ) as companies_visited,
        (
            select (percent, reported_by_ko, occurred_on) from pledge_report r
            where r.pledge_id = p.pledge and occurred_on <= $2::date
            order by occurred_on desc, sequence desc limit 1
        ) as report
    from unnest($1::text[], $4::text[]) as p (id, pledge)
"""

# Groups without a case on the day are left out. A row of an overview shows no tracks.
CASES = """
    select programme_id, year_from, year_to, nullif(track, '') as track, recorded,
        sum(applied)::bigint as applied, sum(reserved)::bigint as reserved, sum(selected)::bigint as selected,
        sum(abandoned)::bigint as abandoned, sum(completed)::bigint as completed, sum(about_to)::bigint as about_to,
        jsonb_object_agg(agreed_year, agreed) filter (where agreed <> 0) as agreed_in,
        jsonb_object_agg(agreed_year, self_krw) filter (where self_krw <> 0) as self_krw
    from (
        select programme_id, year_from, year_to, case when $3 then track else '' end as track, recorded, agreed_year,
            sum(applied) as applied, sum(reserved) as reserved, sum(selected) as selected, sum(agreed) as agreed,
            sum(abandoned) as abandoned, sum(completed) as completed, sum(about_to) as about_to,
            sum(self_krw)::bigint as self_krw
        from case_rollup where programme_id = any($1::text[]) and occurred_on <= $2::date
        group by programme_id, year_from, year_to, case when $3 then track else '' end, recorded, agreed_year
        having sum(applied) <> 0 or sum(selected) <> 0 or sum(agreed) <> 0
    ) by_agreement
    group by programme_id, year_from, year_to, by_agreement.track, recorded
    order by programme_id, year_from, year_to, by_agreement.track, recorded
"""

# One index probe per programme, however many events there are.
LAST_EVENT_ON = f"""
    select p.id, newest.occurred_on as on_day from unnest($1::text[]) as p (id)
    cross join lateral (
        select occurred_on from timeline
        where programme_id = p.id and occurred_on <= $2::date and {timeline.PROGRAMME_ACTIVITY}
          and name not like 'programme.%'
        order by occurred_on desc limit 1
    ) newest
"""

KINDS = {kind.value: kind for kind in MoneyKind}


async def known_programmes(transaction: Transaction, on: date) -> list[str]:
    """Return the ids of programmes published or proposed by the day, the published ones first."""
    return [row.programme_id for row in await transaction.fetch(PROGRAMMES, on)]


async def load_all_inputs(
    transaction: Transaction, on: date, *, in_detail: bool = True
) -> list[FigureInputs]:
    """Return the inputs of every programme that is published or proposed by the day."""
    ids = await known_programmes(transaction, on)
    return list((await load_inputs(transaction, ids, on, in_detail=in_detail)).values())


async def load_programme_inputs(transaction: Transaction, programme_id: str, on: date) -> FigureInputs:
    """Return the inputs of one programme. Raises NotFound where it is neither published nor proposed by the day."""
    inputs = (await load_inputs(transaction, [programme_id], on))[programme_id]
    if inputs.definition is None and inputs.proposal is None:
        raise NotFound(
            "programme_unknown",
            ko=f"{on}에는 {programme_id} 사업이 없습니다. 사업 목록에서 고르거나 기준일을 뒤로 옮기세요.",
            en=f"There is no programme {programme_id} on {on}. Pick one from the list, or a later date.",
        )
    return inputs


async def load_inputs(
    transaction: Transaction, ids: Sequence[str], on: date, *, in_detail: bool = True
) -> dict[str, FigureInputs]:
    """Return the inputs of figures by programme; the number of statements does not grow with the programmes.

    Not `in_detail`: only what a programme's row in an overview shows.
    """
    definitions, proposals = await newest_versions(transaction, ids, on)
    inputs = {
        id: FigureInputs(id, on, in_detail, **definition_fields(definitions.get(id), proposals.get(id)))
        for id in ids
    }
    await add_aggregates(transaction, inputs, on, in_detail)
    await add_cases(transaction, inputs, on, in_detail)
    return inputs


async def newest_versions(
    transaction: Transaction, ids: Sequence[str], on: date
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the newest version and the newest proposal that hold on the day, by programme."""
    rows = await transaction.fetch(VERSIONS, ids, on)
    versions = {row.programme_id: row for row in rows if row.version is not None}
    return versions, {row.programme_id: row for row in rows if row.version is None}


async def definitions_of(
    transaction: Transaction, ids: Sequence[str], on: date
) -> dict[str, Definition | None]:
    """Return the definition that holds on the day, by programme; None for a programme that is only proposed."""
    versions, _ = await newest_versions(transaction, ids, on)
    return {id: parse_definition(versions[id].definition) if id in versions else None for id in ids}


@lru_cache(maxsize=500)
def parse_definition(definition: str) -> Definition:
    """Parse a definition, cached by its text: parsing twenty anew was a tenth of the overview."""
    return Definition.model_validate_json(definition)


def definition_fields(definition: Any, proposal: Any) -> dict[str, Any]:
    """Return the fields of FigureInputs that a version and a proposal give; either may be missing."""
    fields: dict[str, Any] = {}
    if definition:
        fields |= {"definition": parse_definition(definition.definition), "version": definition.version}
        fields |= {"published_on": definition.published_on, "plan_since": definition.plan_since}
    if proposal:
        fields |= {"proposal": Proposal.model_validate(proposal.proposal), "proposed_on": proposal.holds_from}
    return fields


async def add_aggregates(
    transaction: Transaction, inputs: dict[str, FigureInputs], on: date, in_detail: bool
) -> None:
    pledges = [*map(pledge_id, inputs.values())]
    for row in await transaction.fetch(AGGREGATES, list(inputs), on, in_detail, pledges):
        programme = inputs[row.id]
        programme.money += [MoneySum(KINDS[kind], year, funder, krw) for kind, year, funder, krw in row.money]
        programme.money_events |= {(KINDS[kind], year): events for kind, year, events in row.money_events}
        programme.rounds += [
            RoundInputs(id, year, quota or {}, is_agreed) for id, year, quota, is_agreed in row.rounds
        ]
        programme.municipalities |= {
            code: MunicipalityCounts(*counts) for code, *counts in row.municipalities
        }
        programme.agreement_periods |= {year: (first, last) for year, first, last in row.agreement_periods}
        programme.companies_visited = row.companies_visited
        programme.report = StatedProgress(*row.report) if row.report else None


def pledge_id(inputs: FigureInputs) -> str | None:
    pledge = inputs.definition.pledge if inputs.definition else None
    return pledge.id if pledge else None


async def add_cases(
    transaction: Transaction, inputs: dict[str, FigureInputs], on: date, in_detail: bool
) -> None:
    for row in await transaction.fetch(CASES, list(inputs), on, in_detail):
        id, *group, agreed_in, self_krw = row
        inputs[id].case_groups.append(CaseGroup(*[*group, integer_keys(agreed_in), integer_keys(self_krw)]))


def integer_keys(by_year: dict[str, int] | None) -> dict[int, int]:
    """Return a JSON object with its years as numbers; {} for null, the aggregate of no row."""
    return {int(year): count for year, count in by_year.items()} if by_year else {}


async def last_event_dates(transaction: Transaction, ids: Sequence[str], as_of: date) -> dict[str, date]:
    """Return the business date of each programme's newest event that is news of it: a published definition is none."""
    return {row.id: row.on_day for row in await transaction.fetch(LAST_EVENT_ON, list(ids), as_of)}
