"""I5: nothing stands on our topics that no service of ours has said."""

from collections.abc import Iterator, Mapping

from tools.audit.databases import Logged
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.subscriptions import source_of
from tools.audit.topic_reader import Seen

Known = Mapping[tuple[str, str], Logged]


async def check(evidence: Evidence) -> Finding:
    """Every record on our own topics."""
    known = {
        (source_of(service), event.id): event
        for service, events in evidence.logged.items()
        for event in events
    }
    ours = [record for record in evidence.published() if record.is_ours]
    violations = [f"{one.words}: {problem}" for one in ours for problem in _problems(known, one)]
    return Finding([Count(len(ours), "우리 토픽의 기록", "records on our topics")], violations)


def _problems(known: Known, record: Seen) -> Iterator[str]:
    if not record.attributes:
        yield "사건으로 읽을 수 없습니다 / not an event"
        return
    source, id = record.attributes["source"], record.attributes["id"]
    if (event := known.get((source, id))) is None:
        yield f"{source}의 사건 {id}을(를) 말한 적이 없습니다 / {source} never said this"
    elif differing := list(_differing(event, record)):
        yield f"{source}의 사건 {id}의 {', '.join(differing)}이(가) 다릅니다 / not as it was said"


def _differing(event: Logged, record: Seen) -> Iterator[str]:
    attributes = dict(record.attributes)
    if attributes.pop("sequence", "") != f"{event.sequence:020}":
        yield "sequence"
    if attributes != dict(event.attributes) or attributes.get("type") != event.type:
        yield "attributes"
    if (record.topic, record.key) != (event.topic, event.subject.encode()):
        yield "topic/key"
    if record.value != event.data.encode():
        yield "data"
    if event.body.get("occurred_on") != event.occurred_on.isoformat():
        yield "occurred_on"


INVARIANT = Invariant(
    "I5",
    "우리 토픽에는 서비스가 실제로 말한 사건만 있다(내용까지 같다)",
    "no phantom: each record on our topics is in its service's log, with equal content",
    check,
)
