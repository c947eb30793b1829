"""I1: money neither appears nor vanishes: what came in is somewhere, and each balance is the sum of its postings."""

from collections.abc import Iterator, Sequence
from typing import Any

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant

# Sources are kept as negative balances: what came in is what stands on all other accounts.
GROUPS = """
    select programme_id, fiscal_year, funder, municipality,
           coalesce(-sum(balance_krw) filter (where kind in ('allocated', 'opening', 'promised')), 0) as came_in,
           coalesce(sum(balance_krw) filter (where kind not in ('allocated', 'opening', 'promised')), 0) as stands,
           coalesce(bool_or(kind not in ('allocated', 'opening', 'promised') and balance_krw < 0
                         or kind in ('allocated', 'opening', 'promised') and balance_krw > 0), false) as wrong_sign
    from account group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
SETS = """
    select set_id, programme_id, fiscal_year, funder, municipality, sum(amount_krw) as krw
    from posting group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0 order by 1
"""
BALANCES = """
    select programme_id, fiscal_year, funder, municipality, kind,
           coalesce(a.balance_krw, 0) as balance, coalesce(p.krw, 0) as posted
    from account a full join (
        select programme_id, fiscal_year, funder, municipality, kind, sum(amount_krw) as krw
        from posting group by 1, 2, 3, 4, 5
    ) p using (programme_id, fiscal_year, funder, municipality, kind)
    where coalesce(a.balance_krw, 0) <> coalesce(p.krw, 0) order by 1, 2, 3, 4, 5
"""
SIZES = """
    select (select count(distinct set_id) from posting) as sets, (select count(*) from account) as accounts
"""


async def check(evidence: Evidence) -> Finding:
    """Every account group, every posting set, every account."""
    groups = await evidence.rows("funding", GROUPS)
    sets = await evidence.rows("funding", SETS)
    balances = await evidence.rows("funding", BALANCES)
    [sizes] = await evidence.rows("funding", SIZES)
    own = sum(group["funder"] == "self" for group in groups)
    counts = [
        Count(len(groups) - own, "공공 재원 계정 묶음", "groups of public accounts"),
        Count(own, "자부담 계정 묶음", "groups of own shares"),
        Count(sizes["sets"], "분개", "posting sets"),
        Count(sizes["accounts"], "계정", "accounts"),
    ]
    return Finding(counts, [*_leaks(groups), *_unbalanced(sets), *_unposted(balances)])


def _leaks(groups: Sequence[Any]) -> Iterator[str]:
    for group in groups:
        if group["came_in"] != group["stands"]:
            yield (
                f"{purse(group)}: 들어온 돈 {group['came_in']:,}원, 있는 돈 {group['stands']:,}원 "
                "/ what came in is not what stands on the accounts"
            )
        if group["wrong_sign"]:
            yield f"{purse(group)}: 넘어서는 안 될 0을 넘은 잔액이 있습니다 / a balance has crossed zero"


def _unbalanced(sets: Sequence[Any]) -> Iterator[str]:
    for one in sets:
        yield f"분개 {one['set_id']} ({purse(one)}): 합이 {one['krw']:,}원 / a posting set does not sum to zero"


def _unposted(balances: Sequence[Any]) -> Iterator[str]:
    for one in balances:
        yield (
            f"{purse(one)} {one['kind']}: 잔액 {one['balance']:,}원, 분개의 합 {one['posted']:,}원 "
            "/ the balance is not the sum of its postings"
        )


def purse(row: Any) -> str:
    """Whose money of which year."""
    where = f" {row['municipality']}" if row["municipality"] else ""
    return f"{row['programme_id']} {row['fiscal_year']} {row['funder']}{where}"


INVARIANT = Invariant(
    "I1",
    "돈은 생기지도 사라지지도 않는다(편성·기투자 = 가용 + 약정 + 지급예정 + 지급 + 반환, 분개의 합은 0)",
    "conservation: allocated + opening = available + committed + payable + disbursed + returned; sets sum to zero",
    check,
)
