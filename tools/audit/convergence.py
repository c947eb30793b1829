"""I8: what the board shows is what a rebuild shows, and what plain SQL over the services' own tables says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.projections.rebuild import RebuildResult
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.rebuild import rebuild

# Won by programme, kind, fiscal year, funder and business date.
TILES = """
    select programme_id, kind, fiscal_year, funder, occurred_on, sum(amount_krw)::bigint as n
    from money_tile group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0
"""
POSTINGS = """
    select programme_id, shown.kind, fiscal_year, funder, posted_on as occurred_on, sum(amount_krw)::bigint as n
    from posting join (values
        ('budget.allocated', 'available', 'allocated'),
        ('past_spending.booked', 'disbursed', 'past'),
        ('past_self.booked', 'evidenced', 'past'),
        ('funds.committed', 'committed', 'committed'),
        ('commitment.released', 'committed', 'committed'),
        ('tranche.disbursed', 'disbursed', 'disbursed'),
        ('self_contribution.confirmed', 'evidenced', 'evidenced')
    ) as shown (reason, account, kind) on posting.reason = shown.reason and posting.kind = shown.account
    group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0
"""

# Cases and agreed won by programme, year and track.
SHOWN = """
    select programme_id, coalesce(year_from, 0) as year, coalesce(track, '') as track, shown.what, sum(shown.n)::bigint as n
    from case_row, lateral (values
        ('applied', (applied_on is not null)::int), ('recorded', (recorded_on is not null)::int),
        ('screened', (screened_on is not null)::int), ('withdrawn', (withdrawn_on is not null)::int),
        ('selected', (selected_on is not null and lost_on is null)::int),
        ('reserved', (reserved_on is not null and selected_on is null and lost_on is null)::int),
        ('rejected', (rejected_on is not null)::int), ('given_up', (lost_on is not null)::int),
        ('agreed', (agreed_on is not null)::int),
        ('agreed won', case when agreed_on is not null then total_krw end),
        ('recorded won', case when recorded_on is not null then total_krw end)
    ) as shown (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(shown.n), 0) <> 0
"""
KEPT = """
    select c.programme_id, c.year, coalesce(c.track, '') as track, kept.what, sum(kept.n)::bigint as n
    from "case" c left join screening s on s.case_id = c.id left join place p on p.case_id = c.id
         left join agreement a on a.case_id = c.id,
    lateral (values
        ('applied', 1), ('screened', (s.case_id is not null)::int), ('withdrawn', (c.status = 'withdrawn')::int),
        ('selected', (p.status = 'selected')::int), ('reserved', (p.status = 'reserved')::int),
        ('rejected', (p.status = 'rejected')::int), ('given_up', (p.status = 'given_up')::int),
        ('agreed', (a.case_id is not null)::int), ('agreed won', a.total_krw)
    ) as kept (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(kept.n), 0) <> 0
    union all
    select programme_id, year_from, coalesce(track, ''), kept.what, sum(kept.n)::bigint
    from recorded_case, lateral (
        select 'recorded', 1::numeric union all select 'recorded won', sum(value::bigint) from jsonb_each_text(amounts_krw)
    ) as kept (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(kept.n), 0) <> 0
"""

Numbers = Mapping[tuple[Any, ...], int]


async def check(evidence: Evidence) -> Finding:
    """Every cell of every projection, and the figures of money and cases."""
    rebuilt = await rebuild(evidence.target)
    tiles = numbers(await evidence.rows("monitoring", TILES))
    postings = numbers(await evidence.rows("funding", POSTINGS))
    shown = numbers(await evidence.rows("monitoring", SHOWN))
    kept = numbers(await evidence.rows("applications", KEPT))
    counts = [
        Count(rebuilt.records, "다시 접은 기록", "records folded again"),
        Count(sum(one.live for one in rebuilt.tables), "현황 행", "rows of the board"),
        Count(len(postings), "분개에서 나온 금액", "sums of money from postings"),
        Count(len(kept), "과제 표에서 나온 수", "figures from the tables of cases"),
    ]
    return Finding(
        counts,
        [
            *_differing(rebuilt),
            *_unequal("금액 / money", tiles, postings),
            *_unequal("과제 / cases", shown, kept),
        ],
    )


def numbers(rows: Sequence[Any]) -> Numbers:
    """By everything else that the row says."""
    return {tuple(value for name, value in row.items() if name != "n"): row["n"] for row in rows}


def _differing(rebuilt: RebuildResult) -> Iterator[str]:
    for one in rebuilt.tables:
        if one.differing:
            yield (
                f"{one.table}: 현황 {one.live:,}행, 다시 만든 것 {one.rebuilt:,}행, 다른 행 {one.differing:,}개 "
                "/ live and rebuilt differ"
            )


def _unequal(what: str, shown: Numbers, kept: Numbers) -> Iterator[str]:
    for key in sorted((k for k in shown.keys() | kept.keys() if shown.get(k) != kept.get(k)), key=str):
        name = " ".join(str(part) for part in key if part not in ("", None))
        yield (
            f"{what} {name}: 현황판 {shown.get(key, 0):,}, 원장·과제 표 {kept.get(key, 0):,} "
            "/ the board is not what the service's own tables say"
        )


INVARIANT = Invariant(
    "I8",
    "현황판 = 처음부터 다시 만든 것 = 원장과 과제 표의 SQL(1원까지)",
    "convergence: the board = a rebuild = plain SQL over ledger and cases, to the won",
    check,
)
