"""I5: nothing is on our topics that no service of ours has logged."""

from collections.abc import Iterator
from typing import Any

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, finding
from tools.audit.store import Store

# Records that repeat their event are stored without their bytes, so these are all the others.
UNLIKE_LOG = """
    select r.topic, r.partition, r.offset, r.source, r.id, e.id is not null as is_logged,
           r.topic <> e.topic or cast(r.key as text) <> e.subject as other_key, cast(r.value as text) <> e.data as other_data
    from record r left join event e on e.source = r.source and e.id = r.id
    where not r.is_external and r.headers is not null order by 1, 2, 3
"""
OTHER_DATE = """
    select service, id, name from event where json_extract(data, '$.occurred_on') is not occurred_on
"""


async def check(evidence: Evidence) -> Finding:
    """Every record on our own topics that was there before the logs were read."""
    store = evidence.store
    ends = {(at.topic, at.partition): end for at, end in evidence.snapshot.ends.items()}
    rows = (
        row
        for row in store.query(UNLIKE_LOG)
        if row["offset"] < ends.get((row["topic"], row["partition"]), 0)
    )
    count = Count(store.count("record", "not is_external"), "우리 토픽의 기록", "records on our topics")
    return finding([count], (_problem(row) for row in rows), _other_dates(store))


def _problem(row: Any) -> str:
    where = f"{row['topic']}/{row['partition']}@{row['offset']}"
    if row["id"] is None:
        return f"{where}: 사건으로 읽을 수 없습니다 / not an event"
    if not row["is_logged"]:
        return f"{where}: {row['source']}의 사건 {row['id']}을(를) 발행한 적이 없습니다 / not in the log of {row['source']}"
    what = "topic/key" if row["other_key"] else "data" if row["other_data"] else "headers"
    return f"{where}: {row['source']}의 사건 {row['id']}의 {what}이(가) 다릅니다 / not as it was logged"


def _other_dates(store: Store) -> Iterator[str]:
    for row in store.query(OTHER_DATE):
        yield (
            f"{row['service']}의 사건 {row['id']} ({row['name']}): 업무일이 본문과 다릅니다 "
            "/ the log has another business date than the event"
        )


INVARIANT = Invariant(
    "I5",
    "우리 토픽에는 서비스가 실제로 발행한 사건만 있다(내용까지 같다)",
    "no unpublished event: each record on our topics is in its service's log, with equal content",
    check,
)
