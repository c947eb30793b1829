"""I2: nothing is paid twice: by tranche, by payment, by the treasury's reference, in the ledger."""

from collections.abc import Iterator
from typing import Any

from tools.audit.contract import TREASURY
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, finding
from tools.audit.store import Store

DISBURSED = """
    select id, case_id, cause, json_extract(data, '$.number') as number, json_extract(data, '$.payment_id') as payment_id,
           json_extract(data, '$.treasury_reference') as reference,
           (select coalesce(sum(value), 0) from json_each(data, '$.amounts_krw')) as krw
    from event where name = 'tranche.disbursed'
"""
EVENTS_TWICE = (
    ("case_id, number", "회차를 두 번 지급했다고 알렸습니다 / a tranche is reported as disbursed twice"),
    ("payment_id", "지급을 두 번 집행했다고 알렸습니다 / a payment is reported as executed twice"),
    ("reference", "금고 거래번호가 두 번 쓰였습니다 / a treasury reference is used twice"),
)
PAYMENTS_TWICE = (
    (
        "case_id, number",
        "answer <> 'rejected'",
        "거절되지 않은 지급이 둘 이상입니다 / two payments of one tranche",
    ),
    (
        "treasury_reference",
        "answer = 'executed'",
        "한 거래번호의 지급이 둘입니다 / two payments with one treasury reference",
    ),
)
UNLIKE_PAYMENTS = f"""
    with disbursed as ({DISBURSED}), executed as (select * from payment where answer = 'executed')
    select d.payment_id, d.krw from disbursed d left join executed p on p.payment_id = d.payment_id
        and p.amount_krw = d.krw and p.treasury_reference = d.reference where p.payment_id is null
    union
    select p.payment_id, p.amount_krw from executed p left join disbursed d on p.payment_id = d.payment_id
        and p.amount_krw = d.krw and p.treasury_reference = d.reference where d.payment_id is null
    order by 1
"""
UNLIKE_TREASURY = f"""
    with disbursed as ({DISBURSED})
    select d.* from disbursed d where not exists (
        select 1 from record r where r.topic = '{TREASURY}' and r.id = d.cause
            and r.name = 'treasury.payment_executed'
            and json_extract(r.data, '$.payment_id') = d.payment_id
            and json_extract(r.data, '$.amount_krw') = d.krw
            and json_extract(r.data, '$.treasury_reference') = d.reference
    ) order by d.payment_id
"""
ANSWERED_TWICE = f"""
    select subject, count(*) as n from (
        select distinct r.subject, r.source, r.id from record r
        join inbox i on i.consumer = 'funding' and i.source = r.source and i.id = r.id
        where r.topic = '{TREASURY}' and r.name in ('treasury.payment_executed', 'treasury.payment_rejected')
    ) group by subject having count(*) > 1 order by 1
"""
UNPOSTED = f"""
    with disbursed as (select * from ({DISBURSED}) where krw <> 0)
    select d.cause, d.case_id, d.krw, coalesce(p.sets, 0) as sets, coalesce(p.amount_krw, 0) as posted
    from disbursed d left join disbursement p on p.caused_by = d.cause and p.case_id = d.case_id
    where p.sets is null or p.sets <> 1 or p.amount_krw <> d.krw
    union all
    select p.caused_by, p.case_id, 0, p.sets, p.amount_krw
    from disbursement p left join disbursed d on p.caused_by = d.cause and p.case_id = d.case_id where d.cause is null
    order by 1
"""


async def check(evidence: Evidence) -> Finding:
    """Compare events, payments, the treasury's answers and the ledger."""
    store = evidence.store
    counts = [
        Count(store.count("event", "name = 'tranche.disbursed'"), "지급된 회차", "tranches disbursed"),
        Count(store.count("payment", "answer = 'executed'"), "집행된 지급", "payments executed"),
        Count(
            store.value("select coalesce(sum(sets), 0) from disbursement"),
            "지급 분개",
            "posting sets of payments",
        ),
    ]
    return finding(
        counts,
        _reported_twice(store),
        _paid_twice(store),
        _unlike_payments(store),
        _unlike_treasury(store),
        _answered_twice(store),
        _unposted(store),
    )


def _reported_twice(store: Store) -> Iterator[str]:
    for columns, words in EVENTS_TWICE:
        yield from _repeated(store, f"({DISBURSED})", columns, "true", words)


def _paid_twice(store: Store) -> Iterator[str]:
    for columns, where, words in PAYMENTS_TWICE:
        yield from _repeated(store, "payment", columns, where, words)


def _repeated(store: Store, table: str, columns: str, where: str, words: str) -> Iterator[str]:
    sql = f"select {columns} from {table} where {where} group by {columns} having count(*) > 1 order by {columns}"
    yield from (f"{_words(row)}: {words}" for row in store.query(sql))


def _words(row: Any) -> str:
    return " ".join(map(str, tuple(row)))


def _unlike_payments(store: Store) -> Iterator[str]:
    for row in store.query(UNLIKE_PAYMENTS):
        yield (
            f"지급 {row['payment_id']} ({row['krw']:,}원): 지급 기록과 사건이 다릅니다 "
            "/ the payment on record and its event are not the same"
        )


def _unlike_treasury(store: Store) -> Iterator[str]:
    for row in store.query(UNLIKE_TREASURY):
        yield (
            f"지급 {row['payment_id']} ({row['krw']:,}원, {row['reference']}): 금고가 그렇게 답한 적이 없습니다 "
            "/ disbursed, though the treasury did not say so"
        )


def _answered_twice(store: Store) -> Iterator[str]:
    for row in store.query(ANSWERED_TWICE):
        yield (
            f"지급 {row['subject']}: 금고의 답 {row['n']}개가 반영되었습니다 "
            "/ more than one answer about a payment took effect"
        )


def _unposted(store: Store) -> Iterator[str]:
    for row in store.query(UNPOSTED):
        yield (
            f"과제 {row['case_id']} (금고의 답 {row['cause']}): 지급 {row['krw']:,}원에 분개 {row['sets']}개 "
            f"{row['posted']:,}원 / a payment has not exactly one posting set of its amount"
        )


INVARIANT = Invariant(
    "I2",
    "같은 회차는 두 번 지급되지 않는다(회차·지급번호·금고 거래번호마다 한 번, 금고가 답한 대로)",
    "no double pay: once per tranche, payment and treasury reference, as the treasury said",
    check,
)
