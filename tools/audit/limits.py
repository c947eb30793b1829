"""I3: paid ≤ approved ≤ agreed, by funder; public support within the programme's cap."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from tools.audit.contract import PUBLIC, SELF
from tools.audit.evidence import Event, Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations

AGREEMENTS = """
    select a.case_id::text as case_id, a.total_krw, a.shares_krw::text as shares,
           v.definition #>> '{max_support,numerator}' as numerator,
           v.definition #>> '{max_support,denominator}' as denominator
    from applications.agreement a join applications."case" c on c.id = a.case_id
         join applications.programme_version v on v.programme_id = c.programme_id and v.version = c.version
"""
# Won by case and funder: what the tranches pay in all, beside the agreed share.
PLANNED = """
    select case_id::text as case_id, funder, sum(krw::bigint)::bigint as krw
    from funding.tranche, jsonb_each_text(amounts_krw) as share (funder, krw) group by 1, 2
"""
ABOVE_AGREEMENT = f"""
    select p.*, (a.shares_krw ->> p.funder)::bigint as agreed, a.case_id is null as is_missing
    from ({PLANNED}) p left join applications.agreement a on a.case_id::text = p.case_id
    where a.case_id is null or p.krw > coalesce((a.shares_krw ->> p.funder)::bigint, 0) order by 1, 2
"""
# What is reserved now or was paid: approvals that were voided or failed are taken back.
LEDGER = """
    select case_id::text as case_id, funder,
           coalesce(sum(amount_krw) filter (
               where kind = 'payable' and reason in ('tranche.approved', 'tranche.voided', 'tranche.failed')), 0)::bigint
               as approved,
           coalesce(sum(amount_krw) filter (where kind = 'disbursed' and reason = 'tranche.disbursed'), 0)::bigint
               as paid
    from funding.posting where reason like 'tranche.%' group by 1, 2
"""
ABOVE_APPROVAL = f"""
    select l.*, coalesce(p.krw, 0) as planned from ({LEDGER}) l left join ({PLANNED}) p using (case_id, funder)
    where l.paid > l.approved or l.approved > coalesce(p.krw, 0) order by 1, 2
"""
SIZES = f"""
    select (select count(*) from applications.agreement) as agreements, (select count(*) from funding.tranche) as tranches,
           (select count(*) from ({LEDGER}) l) as ledger
"""
STEPS = ("tranche.scheduled", "tranche.approved", "tranche.disbursed", "tranche.failed")

Shares = Mapping[str, int]


async def check(evidence: Evidence) -> Finding:
    """Every agreement, every tranche, every case's money in the ledger and in the events."""
    database = evidence.database
    [sizes] = await database.rows(SIZES)
    steps = evidence.store.count("event", "name in ('tranche.approved', 'tranche.disbursed')")
    counts = [
        Count(sizes["agreements"], "협약", "agreements"),
        Count(sizes["tranches"], "회차", "tranches"),
        Count(sizes["ledger"], "과제·재원별 지급 장부", "case and funder in the ledger"),
        Count(steps, "승인과 지급", "approvals and payments"),
    ]
    found = Violations()
    async for row in database.stream(AGREEMENTS):
        found.add(_above_cap(row))
    found.add(_above_agreement(await database.rows(ABOVE_AGREEMENT)))
    found.add(_above_approval(await database.rows(ABOVE_APPROVAL)))
    for case_id, events in evidence.cases(*STEPS, "agreement.signed"):
        found.add(_other_amounts(case_id, events))
        found.add(_above_agreed(case_id, events))
    return Finding(counts, found.first, found.count)


def _above_cap(row: Any) -> Iterator[str]:
    shares = orjson.loads(row["shares"])
    public = sum(krw for funder, krw in shares.items() if funder != SELF)
    if sum(shares.values()) != row["total_krw"]:
        yield f"과제 {row['case_id']}: 재원별 금액의 합이 협약 총액과 다릅니다 / the shares are not the agreed total"
    if row["denominator"] and public * int(row["denominator"]) > int(row["numerator"]) * row["total_krw"]:
        limit = f"{row['numerator']}/{row['denominator']}"
        yield (
            f"과제 {row['case_id']}: 공공 지원 {public:,}원이 {row['total_krw']:,}원의 {limit}을 넘습니다 "
            "/ public support above the programme's cap"
        )


def _above_agreement(rows: Sequence[Any]) -> Iterator[str]:
    for row in rows:
        if row["is_missing"]:
            yield f"과제 {row['case_id']}: 협약 없이 회차가 있습니다 / tranches without an agreement"
        else:
            yield _exceeding(
                f"과제 {row['case_id']}: 회차의 합", row["funder"], row["krw"], "협약", row["agreed"] or 0
            )


def _above_approval(rows: Sequence[Any]) -> Iterator[str]:
    for row in rows:
        label, funder = f"과제 {row['case_id']}", row["funder"]
        if row["paid"] > row["approved"]:
            yield _exceeding(f"{label}: 지급", funder, row["paid"], "승인", row["approved"])
        if row["approved"] > row["planned"]:
            yield _exceeding(f"{label}: 승인", funder, row["approved"], "회차의 합", row["planned"])


def _exceeding(what: str, funder: str, krw: int, limit: str, at_most: int) -> str:
    return f"{what} {funder} {krw:,}원 > {limit} {at_most:,}원 / more than what stands before it allows"


def _other_amounts(case_id: str, events: Sequence[Event]) -> Iterator[str]:
    """A tranche is approved and paid for what it was scheduled with."""
    scheduled: dict[int, Shares] = {}
    for event in events:
        if event.name.startswith("tranche."):
            number, shares = event.body["number"], event.body["amounts_krw"]
            if shares != scheduled.setdefault(number, shares):
                yield (
                    f"과제 {case_id} {number}회차: {event.step} 금액 {shares}, 처음 {scheduled[number]} "
                    "/ another amount than was scheduled"
                )


def _above_agreed(case_id: str, events: Sequence[Event]) -> Iterator[str]:
    """Disbursed ≤ approved ≤ agreed, in public money."""
    won: Counter[str] = Counter()
    for event in events:
        if event.name == "agreement.signed":
            won["agreed"] += sum(event.body["shares_krw"].get(funder, 0) for funder in PUBLIC)
        else:
            won[event.step] += sum(event.body["amounts_krw"].values())
    if not won["disbursed"] <= won["approved"] - won["failed"] <= won["agreed"]:
        yield (
            f"과제 {case_id}: 사건으로 지급 {won['disbursed']:,}원, 승인 {won['approved'] - won['failed']:,}원, "
            f"협약 {won['agreed']:,}원 / by its events paid, approved and agreed do not fit"
        )


INVARIANT = Invariant(
    "I3",
    "지급 ≤ 승인 ≤ 협약(재원별), 공공 지원은 사업의 한도 안",
    "no overspend: paid ≤ approved ≤ agreed by funder; public support within the programme's cap",
    check,
)
