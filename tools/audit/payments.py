"""I2: nothing is paid twice: by tranche, by payment, by the treasury's reference, in the ledger."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from tools.audit.databases import Logged
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant

PAYMENTS = """
    select payment_id::text as payment_id, case_id::text as case_id, number, amount_krw, answer, treasury_reference
    from payment order by payment_id
"""
SETS = """
    select case_id::text as case_id, caused_by, count(distinct set_id) as sets,
           sum(amount_krw) filter (where kind = 'disbursed') as krw
    from posting where reason = 'tranche.disbursed' group by 1, 2 order by 1, 2
"""


async def check(evidence: Evidence) -> Finding:
    """What the events say was paid, what the payments say, and what the ledger says."""
    disbursed = list(evidence.events("funding", "tranche.disbursed"))
    payments = await evidence.rows("funding", PAYMENTS)
    sets = await evidence.rows("funding", SETS)
    executed = [one for one in payments if one["answer"] == "executed"]
    counts = [
        Count(len(disbursed), "지급된 회차", "tranches disbursed"),
        Count(len(executed), "집행된 지급", "payments executed"),
        Count(sum(one["sets"] for one in sets), "지급 분개", "posting sets of payments"),
    ]
    return Finding(
        counts,
        [
            *_told_twice(disbursed),
            *_paid_twice(payments, executed),
            *_told_is_paid(disbursed, executed),
            *_posted_twice(disbursed, sets),
        ],
    )


def _told_twice(disbursed: Sequence[Logged]) -> Iterator[str]:
    bodies = [event.body for event in disbursed]
    for case_id, number in twice((body["case_id"], body["number"]) for body in bodies):
        yield f"과제 {case_id} {number}회차가 두 번 지급되었다고 알렸습니다 / a tranche is told as disbursed twice"
    for payment in twice(body["payment_id"] for body in bodies):
        yield f"지급 {payment}이(가) 두 번 집행되었다고 알렸습니다 / a payment is told as executed twice"
    for reference in twice(body["treasury_reference"] for body in bodies):
        yield f"금고 거래번호 {reference}이(가) 두 번 쓰였습니다 / a treasury reference is used twice"


def _paid_twice(payments: Sequence[Any], executed: Sequence[Any]) -> Iterator[str]:
    standing = [one for one in payments if one["answer"] != "rejected"]
    for case_id, number in twice((one["case_id"], one["number"]) for one in standing):
        yield f"과제 {case_id} {number}회차에 거절되지 않은 지급이 둘 이상 있습니다 / two payments of one tranche"
    for reference in twice(one["treasury_reference"] for one in executed):
        yield f"금고 거래번호 {reference}의 지급이 둘입니다 / two payments with one treasury reference"


def _told_is_paid(disbursed: Sequence[Logged], executed: Sequence[Any]) -> Iterator[str]:
    told = Counter((e.body["payment_id"], sum(e.body["amounts_krw"].values())) for e in disbursed)
    paid = Counter((one["payment_id"], one["amount_krw"]) for one in executed)
    for payment, krw in (told - paid) + (paid - told):
        yield (
            f"지급 {payment} ({krw:,}원): 지급 기록과 사건이 다릅니다 "
            "/ the payment on record and the event told are not the same"
        )


def _posted_twice(disbursed: Iterable[Logged], sets: Sequence[Any]) -> Iterator[str]:
    told: Counter[str] = Counter(e.subject for e in disbursed if any(e.body["amounts_krw"].values()))
    posted: Counter[str] = Counter()
    for one in sets:
        posted[one["case_id"]] += one["sets"]
    for case_id in sorted(k for k in told.keys() | posted.keys() if told[k] != posted[k]):
        yield (
            f"과제 {case_id}: 지급 {told[case_id]}번에 지급 분개 {posted[case_id]}개 "
            "/ payments and their posting sets differ in number"
        )
    for one in sets:
        if one["caused_by"] is not None and one["sets"] > 1:
            yield f"금고의 답 {one['caused_by']} 하나로 분개 {one['sets']}개 / one answer was posted more than once"


def twice(values: Iterable[Hashable]) -> list[Any]:
    """Those that come more than once."""
    return [value for value, n in Counter(values).items() if n > 1]


INVARIANT = Invariant(
    "I2",
    "같은 회차는 두 번 지급되지 않는다(회차·지급번호·금고 거래번호마다 한 번)",
    "no double pay: once per tranche, payment and treasury reference",
    check,
)
