"""I1: money neither appears nor vanishes; each balance is the sum of its postings and what the events say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.audit.account_moves import Account, balances
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, finding

# Sources are kept as negative balances: what came in is what stands on all other accounts.
BUDGET_LINES = """
    select programme_id, fiscal_year, funder, municipality,
           coalesce(-sum(balance_krw) filter (where kind in ('allocated', 'opening', 'promised')), 0) as came_in,
           coalesce(sum(balance_krw) filter (where kind not in ('allocated', 'opening', 'promised')), 0) as stands,
           coalesce(bool_or(kind not in ('allocated', 'opening', 'promised') and balance_krw < 0
                         or kind in ('allocated', 'opening', 'promised') and balance_krw > 0), false) as wrong_sign
    from funding.account group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
SETS = """
    select set_id, programme_id, fiscal_year, funder, municipality, sum(amount_krw) as krw
    from funding.posting group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0 order by 1
"""
UNPOSTED = """
    select programme_id, fiscal_year, funder, municipality, kind,
           coalesce(a.balance_krw, 0) as balance, coalesce(p.krw, 0) as posted
    from funding.account a full join (
        select programme_id, fiscal_year, funder, municipality, kind, sum(amount_krw) as krw
        from funding.posting group by 1, 2, 3, 4, 5
    ) p using (programme_id, fiscal_year, funder, municipality, kind)
    where coalesce(a.balance_krw, 0) <> coalesce(p.krw, 0) order by 1, 2, 3, 4, 5
"""
ACCOUNTS = "select programme_id, fiscal_year, funder, municipality, kind, balance_krw from funding.account"
SIZES = """
    select (select count(distinct set_id) from funding.posting) as sets, (select count(*) from funding.account) as accounts
"""


async def check(evidence: Evidence) -> Finding:
    """Every budget line, every posting set, every account."""
    database = evidence.database
    lines = await database.rows(BUDGET_LINES)
    accounts = {tuple(row)[:5]: row["balance_krw"] for row in await database.rows(ACCOUNTS)}
    by_events = balances(evidence)
    [sizes] = await database.rows(SIZES)
    own = sum(line["funder"] == "self" for line in lines)
    counts = [
        Count(len(lines) - own, "공공 재원 예산", "budget lines of public funders"),
        Count(own, "자부담 예산", "budget lines of self-contributions"),
        Count(sizes["sets"], "분개", "posting sets"),
        Count(sizes["accounts"], "계정", "accounts"),
        Count(sum(1 for krw in by_events.values() if krw), "사건에서 나온 잔액", "balances from events"),
    ]
    return finding(
        counts,
        _leaks(lines),
        _unbalanced(await database.rows(SETS)),
        _unposted(await database.rows(UNPOSTED)),
        _unlike_events(accounts, by_events),
    )


def _leaks(lines: Sequence[Any]) -> Iterator[str]:
    for line in lines:
        if line["came_in"] != line["stands"]:
            yield (
                f"{budget_line(line)}: 들어온 돈 {line['came_in']:,}원, 있는 돈 {line['stands']:,}원 "
                "/ what came in is not what stands on the accounts"
            )
        if line["wrong_sign"]:
            yield f"{budget_line(line)}: 넘어서는 안 될 0을 넘은 잔액이 있습니다 / a balance has crossed zero"


def _unbalanced(sets: Sequence[Any]) -> Iterator[str]:
    for row in sets:
        yield (
            f"분개 {row['set_id']} ({budget_line(row)}): 합이 {row['krw']:,}원 / a posting set does not sum to zero"
        )


def _unposted(accounts: Sequence[Any]) -> Iterator[str]:
    for row in accounts:
        yield (
            f"{budget_line(row)} {row['kind']}: 잔액 {row['balance']:,}원, 분개의 합 {row['posted']:,}원 "
            "/ the balance is not the sum of its postings"
        )


def _unlike_events(accounts: Mapping[Any, int], by_events: Mapping[Account, int]) -> Iterator[str]:
    for account in sorted(accounts.keys() | by_events.keys()):
        if accounts.get(account, 0) != by_events.get(account, 0):
            yield (
                f"{' '.join(str(part) for part in account if part != '')}: 잔액 {accounts.get(account, 0):,}원, "
                f"사건에서 나온 잔액 {by_events.get(account, 0):,}원 / the balance is not what the events say"
            )


def budget_line(row: Any) -> str:
    """Return programme, fiscal year, funder and municipality of a row, for a person."""
    where = f" {row['municipality']}" if row["municipality"] else ""
    return f"{row['programme_id']} {row['fiscal_year']} {row['funder']}{where}"


INVARIANT = Invariant(
    "I1",
    "돈은 생기지도 사라지지도 않는다(편성·기투자 = 가용 + 약정 + 지급예정 + 지급 + 반환, 분개의 합은 0, 잔액은 사건대로)",
    "conservation: allocated + opening = available + committed + payable + disbursed + returned; sets sum to zero; "
    "balances are what the events say",
    check,
)
