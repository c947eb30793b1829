"""The events behind a figure, each with what it adds: money by the same tiles that the figure is the sum of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.monitoring.figures.domain import Facts
from services.monitoring.figures.queries import ON_THE_DAY
from services.monitoring.projections import money, timeline
from services.monitoring.projections.case_tiles import ABOUT_TO_DAYS
from services.monitoring.projections.money import Kind
from shared.database.engine import Executor, fetch
from shared.projections.projection import DecodedEvent

MOST = 300  # events shown of a figure; of more, the page says that it shows a part

TOPIC = {(event.source, event.name): event.topic for event in timeline.PROJECTION.rows}

EVENTS = """
    select t.*, coalesce(c.company_name_ko, k.name_ko) as company
    from (
        select * from timeline t
        where t.programme_id = $2 and t.name = any($3::text[]) and t.occurred_on <= $1::date
          and ($4::int is null or exists (
              select from jsonb_array_elements(coalesce(t.data -> 'years', jsonb_build_array(t.data))) y
              where (y ->> 'fiscal_year')::int between $4 and $5::int))
        order by t.occurred_on, t.id limit $6
    ) t
    left join case_row c on c.case_id = (t.data ->> 'case_id')::uuid
    left join company_row k on k.company_id = c.company_id
    order by t.occurred_on, t.id
"""

# Of each case that counts, the event that made it count: the first of these names that it has.
CASE_EVENTS = """
    select t.*, coalesce(c.company_name_ko, k.name_ko) as company, c.self_krw
    from (
        select * from ({on_the_day} where c.programme_id = $1) c
        where {condition}
          and ($5::text is null
               or $5 = c.year_from || case when c.year_to > c.year_from then '-' || c.year_to else '' end)
          and ($6::text is null or c.track = $6) and ($7::text is null or c.municipality = $7)
        order by c.number, c.case_id limit $8
    ) c
    cross join lateral (
        select * from timeline t
        where t.subject = c.case_id::text and t.name = any($4::text[]) and t.occurred_on <= $2::date
          and coalesce(t.data ->> 'completes', 'true') = 'true'
        order by array_position($4::text[], t.name::text), t.occurred_on desc limit 1
    ) t
    left join company_row k on k.company_id = c.company_id
    order by t.occurred_on, t.id
"""

FIRST_VISITS = """
    select distinct on (coalesce(c.company_id::text, t.subject)) t.*, k.name_ko as company
    from timeline t
    left join case_row c on c.case_id = (t.data ->> 'case_id')::uuid
    left join company_row k on k.company_id = c.company_id
    where t.programme_id = $2 and t.name = 'mentor.visited.v1' and t.occurred_on <= $1::date
    order by coalesce(c.company_id::text, t.subject), t.occurred_on, t.id
"""


@dataclass(frozen=True)
class Contribution:
    """An event of the timeline and what it adds to the figure; negative takes away."""

    row: Any
    amount: int


@dataclass(frozen=True)
class Found:
    """The first events of a figure, and how many there are in all."""

    parts: list[Contribution]
    total: int

    def __add__(self, other: "Found") -> "Found":
        return Found(self.parts + other.parts, self.total + other.total)


async def events(
    session: Executor, programme_id: str, names: Sequence[str], on: date, years: tuple[int, int] | None = None
) -> list[Any]:
    """Of these fiscal years where they are given; one more than is shown, so that a part is known as one."""
    first, last = years or (None, None)
    return await fetch(session, EVENTS, on, programme_id, list(names), first, last, MOST + 1)


async def of_money(
    session: Executor, facts: Facts, kinds: Sequence[Kind], years: tuple[int, int], funders: set[str]
) -> Found:
    """Events of these kinds, with the tiles whose fiscal year and funder are wanted."""
    rows = await events(session, facts.programme_id, names_of(kinds), facts.as_of, years)
    parts = [Contribution(row, part(row, kinds, years, funders)) for row in rows]
    parts = [one for one in parts if one.amount]
    if len(rows) <= MOST:
        return Found(parts, len(parts))
    counts = facts.money_events.items()
    return Found(
        parts, sum(n for (kind, year), n in counts if kind in kinds and years[0] <= year <= years[1])
    )


def part(row: Any, kinds: Sequence[Kind], years: tuple[int, int], funders: set[str]) -> int:
    """What the projection's own fold gives to the wanted tiles."""
    type = f"{timeline.PREFIX}{row.name}"
    fact = DecodedEvent(
        type, row.source, row.id, row.subject, row.sequence, f"{row.occurred_on}", "", row.data, None
    )
    return sum(
        krw
        for (_, kind, year, funder, *_), krw in money.PROJECTION.by_type[type](fact)
        if kind in kinds and years[0] <= year <= years[1] and funder in funders
    )


def names_of(kinds: Sequence[Kind]) -> list[str]:
    """Which events give money of these kinds."""
    return [name for kind in kinds for name in EVENTS_OF_KIND[kind]]


EVENTS_OF_KIND = {
    Kind.ALLOCATED: ["budget.allocated.v1"],
    Kind.PAST: ["past_spending.booked.v1"],
    Kind.COMMITTED: ["funds.committed.v1", "commitment.released.v1"],
    Kind.DISBURSED: ["tranche.disbursed.v1"],
    Kind.EVIDENCED: ["self_contribution.confirmed.v1"],
}


@dataclass(frozen=True)
class Where:
    """Which of a programme's cases count: all, or those of some years, a track, a municipality."""

    years: str | None = None
    track: str | None = None
    municipality: str | None = None


async def of_cases(
    session: Executor, facts: Facts, condition: str, names: Sequence[str], where: Where = Where()
) -> list[Contribution]:
    """The cases that meet the condition (SQL over what a case is on the day), one event each."""
    statement = CASE_EVENTS.format(on_the_day=ON_THE_DAY, condition=condition)
    asked = (where.years, where.track, where.municipality, MOST + 1)
    rows = await fetch(
        session, statement, facts.programme_id, facts.as_of, ABOUT_TO_DAYS, list(names), *asked
    )
    return [Contribution(row, 1) for row in rows]


async def first_visits(session: Executor, programme_id: str, on: date) -> list[Contribution]:
    found = await fetch(session, FIRST_VISITS, on, programme_id)
    return [Contribution(row, 1) for row in sorted(found, key=lambda row: (row.occurred_on, row.id))]


PLEDGE_REPORTS = """
    select t.*, null as company from timeline t
    where t.subject = $2 and t.name = 'pledge.progress_reported.v1' and t.occurred_on <= $1::date
    order by t.occurred_on, t.sequence
"""


async def pledge_reports(session: Executor, pledge_id: str, on: date) -> list[Any]:
    """Oldest first: the last one is what is shown."""
    return await fetch(session, PLEDGE_REPORTS, on, pledge_id)
