"""I3: paid ≤ approved ≤ agreed, by funder; public support within the programme's cap."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from tools.audit.databases import Logged
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant

AGREEMENTS = """
    select a.case_id::text as case_id, a.total_krw, a.shares_krw::text as shares,
           v.definition #>> '{max_support,numerator}' as numerator,
           v.definition #>> '{max_support,denominator}' as denominator
    from agreement a join "case" c on c.id = a.case_id
         join programme_version v on v.programme_id = c.programme_id and v.version = c.version
    order by a.case_id
"""
TRANCHES = """
    select case_id::text as case_id, number, amounts_krw::text as amounts, total_krw from tranche order by 1, 2
"""
# What is reserved now or was paid: approvals that were voided or failed are taken back.
LEDGER = """
    select case_id::text as case_id, funder,
           coalesce(sum(amount_krw) filter (
               where kind = 'payable' and reason in ('tranche.approved', 'tranche.voided', 'tranche.failed')), 0)::bigint
               as approved,
           coalesce(sum(amount_krw) filter (where kind = 'disbursed' and reason = 'tranche.disbursed'), 0)::bigint
               as paid
    from posting where reason like 'tranche.%' group by 1, 2 order by 1, 2
"""

Shares = Mapping[str, int]


async def check(evidence: Evidence) -> Finding:
    """Every agreement, every tranche, every case's money in the ledger, every step told of a tranche."""
    agreements = {row["case_id"]: row for row in await evidence.rows("applications", AGREEMENTS)}
    tranches = await evidence.rows("funding", TRANCHES)
    ledger = await evidence.rows("funding", LEDGER)
    steps = list(evidence.events("funding", "tranche.approved", "tranche.disbursed"))
    counts = [
        Count(len(agreements), "협약", "agreements"),
        Count(len(tranches), "회차", "tranches"),
        Count(len(ledger), "과제·재원별 지급 장부", "case and funder in the ledger"),
        Count(len(steps), "승인과 지급", "approvals and payments told"),
    ]
    planned = by_case(tranches)
    return Finding(
        counts,
        [
            *_above_cap(agreements),
            *_above_agreement(agreements, planned),
            *_above_approval(planned, ledger),
            *_steps_above(tranches, steps),
        ],
    )


def by_case(tranches: Iterable[Any]) -> dict[str, dict[str, int]]:
    """What the tranches of each case pay in all, by funder (won)."""
    planned: dict[str, dict[str, int]] = {}
    for row in tranches:
        sums = planned.setdefault(row["case_id"], {})
        for funder, krw in orjson.loads(row["amounts"]).items():
            sums[funder] = sums.get(funder, 0) + krw
    return planned


def _above_cap(agreements: Mapping[str, Any]) -> Iterator[str]:
    for case_id, row in agreements.items():
        shares = orjson.loads(row["shares"])
        public = sum(krw for funder, krw in shares.items() if funder != "self")
        if sum(shares.values()) != row["total_krw"]:
            yield f"과제 {case_id}: 재원별 금액의 합이 협약 총액과 다릅니다 / the shares are not the agreed total"
        if row["denominator"] and public * int(row["denominator"]) > int(row["numerator"]) * row["total_krw"]:
            limit = f"{row['numerator']}/{row['denominator']}"
            yield (
                f"과제 {case_id}: 공공 지원 {public:,}원이 {row['total_krw']:,}원의 {limit}을 넘습니다 "
                "/ public support above the programme's cap"
            )


def _above_agreement(agreements: Mapping[str, Any], planned: Mapping[str, Shares]) -> Iterator[str]:
    for case_id, sums in planned.items():
        if case_id not in agreements:
            yield f"과제 {case_id}: 협약 없이 회차가 있습니다 / tranches without an agreement"
            continue
        agreed = orjson.loads(agreements[case_id]["shares"])
        yield from _exceeding(f"과제 {case_id}: 회차의 합", sums, "협약", agreed)


def _above_approval(planned: Mapping[str, Shares], ledger: Sequence[Any]) -> Iterator[str]:
    for row in ledger:
        whose, funder = f"과제 {row['case_id']}", row["funder"]
        sums = planned.get(row["case_id"], {})
        yield from _exceeding(f"{whose}: 지급", {funder: row["paid"]}, "승인", {funder: row["approved"]})
        yield from _exceeding(f"{whose}: 승인", {funder: row["approved"]}, "회차의 합", sums)


def _steps_above(tranches: Sequence[Any], steps: Iterable[Logged]) -> Iterator[str]:
    """A tranche is approved for what it was scheduled with, and paid what was approved last."""
    due = {(row["case_id"], row["number"]): orjson.loads(row["amounts"]) for row in tranches}
    approved: dict[tuple[str, int], Shares] = {}
    for step in steps:
        tranche, krw = (step.body["case_id"], step.body["number"]), step.body["amounts_krw"]
        whose = f"과제 {tranche[0]} {tranche[1]}회차"
        if step.name == "tranche.approved":
            approved[tranche] = krw
            yield from _exceeding(f"{whose}: 승인", krw, "회차", due.get(tranche, {}))
        else:
            yield from _exceeding(f"{whose}: 지급", krw, "승인", approved.get(tranche, {}))


def _exceeding(what: str, krw: Shares, limit: str, at_most: Shares) -> Iterator[str]:
    for funder, amount in krw.items():
        if amount > at_most.get(funder, 0):
            yield (
                f"{what} {funder} {amount:,}원 > {limit} {at_most.get(funder, 0):,}원 "
                "/ more than what stands before it allows"
            )


INVARIANT = Invariant(
    "I3",
    "지급 ≤ 승인 ≤ 협약(재원별), 공공 지원은 사업의 한도 안",
    "no overspend: paid ≤ approved ≤ agreed by funder; public support within the programme's cap",
    check,
)
