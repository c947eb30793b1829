"""Contributions to figures, read from the timeline; amounts of money come from the projection's own fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.monitoring.figures.domain import FigureInputs
from services.monitoring.figures.queries import ON_THE_DAY
from services.monitoring.projections import money, timeline
from services.monitoring.projections.case_rollups import ABOUT_TO_DAYS
from services.monitoring.projections.money import MoneyKind
from shared.database.transaction import Transaction
from shared.projections.projection import DecodedEvent

MAX_EVENTS = 300  # events shown of a figure; of more, the page shows the first and their number

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

# For each case that counts, the event that made it count: the first of these names that it has.
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
class Contributions:
    """The first contributions to a figure, and how many there are in all."""

    listed: list[Contribution]
    total: int

    def __add__(self, other: "Contributions") -> "Contributions":
        return Contributions(self.listed + other.listed, self.total + other.total)


async def timeline_events(
    session: Transaction,
    programme_id: str,
    names: Sequence[str],
    as_of: date,
    years: tuple[int, int] | None = None,
) -> list[Any]:
    """Return the first events of these names and fiscal years (inclusive), at most one more than is shown."""
    first, last = years or (None, None)
    return await session.fetch(EVENTS, as_of, programme_id, list(names), first, last, MAX_EVENTS + 1)


async def money_contributions(
    session: Transaction,
    inputs: FigureInputs,
    kinds: Sequence[MoneyKind],
    years: tuple[int, int],
    funders: set[str],
) -> Contributions:
    """Return what events of these kinds add for the funders in the fiscal years (inclusive)."""
    rows = await timeline_events(session, inputs.programme_id, event_names(kinds), inputs.as_of, years)
    contributions = [Contribution(row, contribution_krw(row, kinds, years, funders)) for row in rows]
    contributions = [contribution for contribution in contributions if contribution.amount]
    if len(rows) <= MAX_EVENTS:
        return Contributions(contributions, len(contributions))
    counts = inputs.money_events.items()
    return Contributions(
        contributions, sum(n for (kind, year), n in counts if kind in kinds and years[0] <= year <= years[1])
    )


def contribution_krw(row: Any, kinds: Sequence[MoneyKind], years: tuple[int, int], funders: set[str]) -> int:
    """Return the won that the projection's own fold takes from the event for these kinds, years and funders."""
    type = f"{timeline.TYPE_PREFIX}{row.name}"
    event = DecodedEvent(
        type, row.source, row.id, row.subject, row.sequence, f"{row.occurred_on}", "", row.data, None
    )
    return sum(
        krw
        for (_, kind, year, funder, *_), krw in money.PROJECTION.by_type[type](event)
        if kind in kinds and years[0] <= year <= years[1] and funder in funders
    )


def event_names(kinds: Sequence[MoneyKind]) -> list[str]:
    """Return the events that add money of these kinds."""
    return [name for kind in kinds for name in EVENTS_OF_KIND[kind]]


EVENTS_OF_KIND = {
    MoneyKind.ALLOCATED: ["budget.allocated.v1"],
    MoneyKind.PAST: ["past_spending.booked.v1"],
    MoneyKind.COMMITTED: ["funds.committed.v1", "commitment.released.v1"],
    MoneyKind.DISBURSED: ["tranche.disbursed.v1"],
    MoneyKind.EVIDENCED: ["self_contribution.confirmed.v1"],
}


@dataclass(frozen=True)
class CaseScope:
    """Restriction of a programme's cases to some years, a track, a municipality; None: no restriction."""

    years: str | None = None
    track: str | None = None
    municipality: str | None = None


async def case_contributions(
    session: Transaction,
    inputs: FigureInputs,
    condition: str,
    names: Sequence[str],
    scope: CaseScope = CaseScope(),
) -> list[Contribution]:
    """Return one event of each case that meets the condition (SQL over the state of a case on the day)."""
    statement = CASE_EVENTS.format(on_the_day=ON_THE_DAY, condition=condition)
    filters = (scope.years, scope.track, scope.municipality, MAX_EVENTS + 1)
    rows = await session.fetch(
        statement, inputs.programme_id, inputs.as_of, ABOUT_TO_DAYS, list(names), *filters
    )
    return [Contribution(row, 1) for row in rows]


async def first_visits(session: Transaction, programme_id: str, as_of: date) -> list[Contribution]:
    """Return the first mentor visit of each company, oldest first."""
    rows = await session.fetch(FIRST_VISITS, as_of, programme_id)
    return [Contribution(row, 1) for row in sorted(rows, key=lambda row: (row.occurred_on, row.id))]


PLEDGE_REPORTS = """
    select t.*, null as company from timeline t
    where t.subject = $2 and t.name = 'pledge.progress_reported.v1' and t.occurred_on <= $1::date
    order by t.occurred_on, t.sequence
"""


async def pledge_reports(session: Transaction, pledge_id: str, as_of: date) -> list[Any]:
    """Return the progress reports of a pledge, oldest first: the last one is the figure."""
    return await session.fetch(PLEDGE_REPORTS, as_of, pledge_id)
