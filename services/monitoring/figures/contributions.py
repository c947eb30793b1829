"""The events that make up a figure: the proof of a value that the projections fold.

Amounts and states are computed from the events of the timeline alone; rows of cases and companies give no more than names.
Whether the timeline has every event is not shown here: `ieum audit` compares it with the logs and the topics.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.monitoring.figures.inputs import FigureInputs
from services.monitoring.projections import timeline
from services.monitoring.projections.case_states import Condition
from shared.database.transaction import Transaction
from shared.events.applications import (
    AgreementSigned,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CaseAbandoned,
    CaseRecorded,
    CompanyReserved,
    CompanySelected,
    ProgrammePublished,
)
from shared.events.definition import Definition
from shared.events.monitoring import MentorVisited, MilestoneAchieved, MilestoneScheduled

MAX_EVENTS = 300  # events listed of a figure; of more, the first, with the number and the sum of all

COMPLETES = "data ->> 'completes' = 'true'"
TOPIC = {(event.source, event.name): event.topic for event in timeline.PROJECTION.rows}

# What an event says of money stands in one of three forms: years of shares, shares of one year, or one amount.
MONEY = f"""
    select t.*, coalesce(c.company_name_ko, k.name_ko) as company
    from (
        select *, count(*) over () as events, sum(amount) over ()::bigint as total
        from (
            select t.*, (
                select sum(share.krw::bigint) * case when t.name = any($7::text[]) then -1 else 1 end
                from jsonb_array_elements(coalesce(t.data -> 'years', jsonb_build_array(t.data))) as year,
                    jsonb_each_text(coalesce(
                        year -> 'amounts_krw',
                        jsonb_build_object(coalesce(year ->> 'funder', 'self'), year -> 'amount_krw')
                    )) as share (funder, krw)
                where (year ->> 'fiscal_year')::int between $4 and $5 and share.funder = any($6::text[])
            )::bigint as amount
            from timeline t
            where t.programme_id = $1 and t.occurred_on <= $2::date and t.name = any($3::text[] || $7::text[])
        ) t
        where amount <> 0
        order by occurred_on, id limit {MAX_EVENTS}
    ) t
    left join case_row c on c.case_id = (t.data ->> 'case_id')::uuid
    left join company_row k on k.company_id = c.company_id
    order by t.occurred_on, t.id
"""

# The dates of a case, read from its own events: the columns that the conditions of its states compare (case_states.py).
DATES = {
    "applied_on": f"occurred_on) filter (where name = '{ApplicationSubmitted.name}'",
    "recorded_on": f"occurred_on) filter (where name = '{CaseRecorded.name}'",
    "withdrawn_on": f"occurred_on) filter (where name = '{ApplicationWithdrawn.name}'",
    "reserved_on": f"occurred_on) filter (where name = '{CompanyReserved.name}'",
    "selected_on": f"occurred_on) filter (where name = '{CompanySelected.name}'",
    "relinquished_on": f"occurred_on) filter (where name = '{CaseAbandoned.name}'",
    "agreed_on": f"occurred_on) filter (where name = '{AgreementSigned.name}'",
    "final_due_on": f"(data ->> 'due_on')::date) filter (where name = '{MilestoneScheduled.name}' and {COMPLETES}",
    "completed_on": f"occurred_on) filter (where name = '{MilestoneAchieved.name}' and {COMPLETES}",
    "record_status": f"data ->> 'status') filter (where name = '{CaseRecorded.name}'",
}
# For each case that counts, the event that made it count: the first of these names that it has.
CASES = f"""
    with cases as (
        select subject, data ->> 'round_id' as round_id, data ->> 'company_name_ko' as company_name_ko,
            (data ->> 'company_id')::uuid as company_id
        from timeline
        where programme_id = $1 and name in ('{ApplicationSubmitted.name}', '{CaseRecorded.name}')
          and ($4::text is null or $4 = coalesce(
              data ->> 'year', nullif(data ->> 'year_from', data ->> 'year_to') || '-' || (data ->> 'year_to'), data ->> 'year_from'
          ))
          and ($5::text is null or data ->> 'track' = $5)
          and ($6::text is null or data ->> 'municipality' = $6)
    )
    select t.*, coalesce(t.company_name_ko, k.name_ko) as company
    from (
        select t.*, c.company_name_ko, c.company_id, count(*) over () as events,
            sum({{amount}}) over ()::bigint as total, {{amount}} as amount
        from (
            select * from cases cross join lateral (
                select {", ".join(f"max({date}) as {column}" for column, date in DATES.items())}
                from timeline t where t.subject = cases.subject
            ) dates
        ) c
        cross join lateral (
            select * from timeline t
            where t.subject = c.subject and t.name = any($3::text[]) and t.occurred_on <= $2::date
              and coalesce(t.data ->> 'completes', 'true') = 'true'
            order by array_position($3::text[], t.name::text), t.occurred_on desc limit 1
        ) t
        where {{condition}}
        order by t.occurred_on, t.id limit {{limit}}
    ) t
    left join company_row k on k.company_id = t.company_id
    order by t.occurred_on, t.id
"""
DAY = "$2::date"
SELF_SHARE = "(t.data -> 'shares_krw' ->> 'self')::bigint"

FIRST_VISITS = f"""
    select *, count(*) over () as events, count(*) over () as total, 1 as amount
    from (
        select distinct on (coalesce(t.data ->> 'company_id', t.subject)) t.*, k.name_ko as company
        from timeline t left join company_row k on k.company_id = (t.data ->> 'company_id')::uuid
        where t.programme_id = $1 and t.name = '{MentorVisited.name}' and t.occurred_on <= $2::date
        order by coalesce(t.data ->> 'company_id', t.subject), t.occurred_on, t.id
    ) t
    order by occurred_on, id limit {MAX_EVENTS}
"""
OF_PROGRAMME = """
    select t.*, null as company from timeline t
    where t.programme_id = $1 and t.occurred_on <= $2::date and t.name = any($3::text[]) order by t.occurred_on, t.sequence
"""
OF_SUBJECT = """
    select t.*, null as company from timeline t
    where t.subject = $1 and t.occurred_on <= $2::date and t.name = any($3::text[]) order by t.occurred_on, t.sequence
"""


@dataclass(frozen=True)
class Contribution:
    """An event of the timeline and what it adds to the figure; negative takes away."""

    row: Any
    amount: int


@dataclass(frozen=True)
class Contributions:
    """The first contributions to a figure, oldest first, and the number and the sum of all."""

    listed: Sequence[Contribution]
    events: int
    total: int

    def difference(self, value: int | None) -> int:
        """Return what the events come to less the value: not 0 where one of them is wrong."""
        return self.total - (value or 0)

    def __add__(self, other: "Contributions") -> "Contributions":
        listed = sorted(
            [*self.listed, *other.listed], key=lambda each: (each.row.occurred_on, each.row.sequence)
        )
        return Contributions(listed[:MAX_EVENTS], self.events + other.events, self.total + other.total)


def of_rows(rows: Sequence[Any]) -> Contributions:
    """Return the contributions of rows with their `amount`, and with the number and the sum of all."""
    listed = [Contribution(row, row.amount) for row in rows]
    return Contributions(listed, rows[0].events, rows[0].total) if rows else Contributions((), 0, 0)


def of_amounts(amounts: Iterable[tuple[Any, int]]) -> Contributions:
    """Return the contributions of events of which none is left out; an event that adds nothing is no contribution."""
    listed = [Contribution(row, amount) for row, amount in amounts if amount]
    return Contributions(listed[:MAX_EVENTS], len(listed), sum(each.amount for each in listed))


async def money(
    transaction: Transaction,
    inputs: FigureInputs,
    adds: Sequence[str],
    years: tuple[int, int],
    funders: Iterable[str],
    *,
    subtracts: Sequence[str] = (),
) -> Contributions:
    """Return what events of these names add and subtract for the funders in the fiscal years (inclusive), in won."""
    arguments = (inputs.programme_id, inputs.as_of, list(adds), *years, list(funders), list(subtracts))
    return of_rows(await transaction.fetch(MONEY, *arguments))


async def cases(
    transaction: Transaction,
    inputs: FigureInputs,
    condition: str | Condition,
    names: Sequence[str],
    *,
    years: str = "",
    track: str = "",
    municipality: str = "",
    amount: str = "1",
) -> Contributions:
    """Return one event of each case that meets the condition on the day: the first of these names that it has."""
    meets = condition if isinstance(condition, str) else condition.sql(DAY)
    statement = CASES.format(condition=meets, amount=amount, limit=MAX_EVENTS)
    scope = (years or None, track or None, municipality or None)
    return of_rows(await transaction.fetch(statement, inputs.programme_id, inputs.as_of, list(names), *scope))


async def self_shares(
    transaction: Transaction, inputs: FigureInputs, agreed: Condition, year: int
) -> Contributions:
    """Return the companies' own shares of the agreements signed in the year, as the events say."""
    condition = f"{agreed.sql(DAY)} and {SELF_SHARE} > 0 and extract(year from t.occurred_on) = {year}"
    return await cases(transaction, inputs, condition, [AgreementSigned.name], amount=SELF_SHARE)


async def first_visits(transaction: Transaction, inputs: FigureInputs) -> Contributions:
    """Return the first mentor visit of each company, oldest first."""
    return of_rows(await transaction.fetch(FIRST_VISITS, inputs.programme_id, inputs.as_of))


async def events_of_programme(transaction: Transaction, inputs: FigureInputs, *names: str) -> Sequence[Any]:
    """Return the programme's events of these names up to the day, oldest first."""
    return await transaction.fetch(OF_PROGRAMME, inputs.programme_id, inputs.as_of, list(names))


async def events_of_subject(
    transaction: Transaction, inputs: FigureInputs, subject: str, *names: str
) -> Sequence[Any]:
    """Return the subject's events of these names up to the day, oldest first."""
    return await transaction.fetch(OF_SUBJECT, subject, inputs.as_of, list(names))


async def publication(
    transaction: Transaction, inputs: FigureInputs, value: Callable[[Definition], int | None]
) -> Contributions:
    """Return the publication of the version in force on the day, with the value that its own payload states."""
    rows = await events_of_programme(transaction, inputs, ProgrammePublished.name)
    newest = max(rows, key=lambda row: row.data["version"], default=None)
    if newest is None:
        return Contributions((), 0, 0)
    return of_amounts([(newest, value(Definition.model_validate(newest.data["definition"])) or 0)])
