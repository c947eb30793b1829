"""I7: an event takes effect once, however often it is delivered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from tools.audit.contract import EFFECTS, SERVICES, UNIQUE
from tools.audit.database import Database
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.store import Store

MESSAGES_TWICE = """
    select event_id, template, channel, count(*) as n from notifications.message
    group by event_source, event_id, template, channel having count(*) > 1 order by 1, 2, 3
"""
MESSAGES = "select count(*) as n from notifications.message"
RECEIVED_TWICE = """
    select consumer, source, id, count(*) as n from inbox group by 1, 2, 3 having count(*) > 1 order by 1, 2, 3
"""
LOGGED_TWICE = "select id from event group by id having count(*) > 1 order by 1"
HAPPENED_TWICE = """
    select count(*) as n, {fields} from event where name = ? group by {fields} having count(*) > 1 order by {fields}
"""
# Causes that the consumer handled, ours from their log and others' from their topic, with the number of their effects.
CAUSES = """
    select c.id, c.data, (select count(*) from event e where e.cause = c.id and e.name = ? and e.service = ?) as n
    from (
        select e.id, e.data from event e join inbox i on i.consumer = ? and i.source = e.source and i.id = e.id
        where e.name = ?
        union
        select r.id, r.data from record r
        join inbox i on i.consumer = ? and i.source = r.source and i.id = r.id and i.payload = r.payload
        where r.is_external and r.name = ?
    ) c order by c.id
"""
REPORTED = """
    select json_extract(data, '$.consumer') as consumer, json_extract(data, '$.topic_name') as topic,
           json_extract(data, '$.partition') as partition, json_extract(data, '$.offset') as offset, service
    from event where name = 'record.dead_lettered'
"""
UNLIKE_REPORTS = f"""
    with reported as ({REPORTED}), both as (
        select service, consumer, topic, partition, offset, 1 as stored, 0 as told from dead_letter
        union all select service, consumer, topic, partition, offset, 0, 1 from reported
    )
    select service, consumer, topic, partition, offset, sum(stored) as stored, sum(told) as reported from both
    group by 1, 2, 3, 4, 5 having sum(stored) <> 1 or sum(told) <> 1 order by 1, 2, 3, 4, 5
"""


async def check(evidence: Evidence) -> Finding:
    """Inboxes, messages, events that can happen once only, causes with their effects, reports of dead letters."""
    store, found, causes = evidence.store, Violations(), 0
    for lines in (
        _received_twice(store),
        _logged_twice(store),
        _happened_twice(store),
        _unlike_reports(store),
    ):
        found.add(lines)
    found.add(await _messages_twice(evidence.database))
    for service, cause, effect, due in EFFECTS:
        for row in store.query(CAUSES, effect, service, service, cause, service, cause):
            causes += 1
            found.add(_other_effect(row, cause, effect, DUE[due](orjson.loads(row["data"]), evidence)))
    [messages] = await evidence.database.rows(MESSAGES)
    names = ", ".join(f"'{name}'" for name in UNIQUE)
    counts = [
        *(
            Count(
                store.count("inbox", "consumer = ?", name),
                f"{name}이(가) 받은 사건",
                f"events received at {name}",
            )
            for name in SERVICES
        ),
        Count(messages["n"], "만든 메시지", "messages made"),
        Count(
            store.count("event", f"name in ({names})"), "한 번만 있을 일", "events that can happen once only"
        ),
        Count(causes, "원인과 결과", "causes with their effects"),
        Count(store.count("dead_letter"), "처리 못 한 사건", "dead letters", needed=False),
    ]
    return Finding(counts, found.first, found.count)


Due = Callable[[Mapping[str, Any], Evidence], int]


def _per(part: str) -> Due:
    """Count the part in the definition, in the version that holds for the agreement."""
    return lambda body, evidence: len(evidence.definitions[body["programme_id"], body["version"]][part])


DUE: Mapping[str, Due] = {
    "one": lambda body, evidence: 1,
    "if_money": lambda body, evidence: int(any(body.get("amounts_krw", {}).values())),
    "tranches": _per("tranches"),
    "milestones": _per("milestones"),
}


def _other_effect(row: Any, cause: str, effect: str, due: int) -> Iterator[str]:
    if row["n"] != due:
        yield (
            f"{cause} {row['id']}에서 {effect} {row['n']}건이 나왔습니다. {due}건이어야 합니다 "
            f"/ a cause has {row['n']} effects instead of {due}"
        )


def _received_twice(store: Store) -> Iterator[str]:
    for row in store.query(RECEIVED_TWICE):
        yield (
            f"{row['consumer']}: {row['source']}의 사건 {row['id']}을(를) {row['n']}번 받았습니다 / received more than once"
        )


async def _messages_twice(database: Database) -> Sequence[str]:
    return [
        f"사건 {row['event_id']}: {row['template']} {row['channel']} 메시지가 {row['n']}개입니다 "
        "/ more than one message of an event, template and channel"
        for row in await database.rows(MESSAGES_TWICE)
    ]


def _logged_twice(store: Store) -> Iterator[str]:
    for row in store.query(LOGGED_TWICE):
        yield f"사건 번호 {row['id']}이(가) 둘입니다 / two events have the same id"


def _happened_twice(store: Store) -> Iterator[str]:
    for name, fields in UNIQUE.items():
        extracts = ", ".join(f"json_extract(data, '$.{field}')" for field in fields)
        for n, *key in map(tuple, store.query(HAPPENED_TWICE.format(fields=extracts), name)):
            yield f"{name} {' '.join(map(str, key))}: {n}번 일어났습니다 / happened more than once"


def _unlike_reports(store: Store) -> Iterator[str]:
    """Each dead letter is stored once, and reported once by the service that stored it."""
    for row in store.query(UNLIKE_REPORTS):
        yield (
            f"{row['service']} {row['consumer']} {row['topic']}/{row['partition']}@{row['offset']}: 처리 못 한 사건으로 "
            f"{row['stored']}번 저장, {row['reported']}번 알림 / a dead letter is not stored and reported once"
        )


INVARIANT = Invariant(
    "I7",
    "한 번 일어난 일은 한 번만 반영된다(몇 번 배달되든)",
    "effect once: one inbox row per consumer and event, the effects due to it, one message",
    check,
)
