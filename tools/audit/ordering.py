"""I6: of each subject the topic tells 1, 2, 3 …, in this order and without a gap."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.topic_reader import Seen

Subject = tuple[str, str, str]


async def check(evidence: Evidence) -> Finding:
    """Every subject of our own topics, by the first time that each of its events stands there."""
    subjects: dict[Subject, list[Seen]] = defaultdict(list)
    for record in evidence.records:
        if record.is_ours and record.attributes:
            attributes = record.attributes
            subjects[record.topic, attributes["source"], attributes["subject"]].append(record)
    firsts = {subject: list(_firsts(records)) for subject, records in subjects.items()}
    counts = [
        Count(len(subjects), "대상", "subjects"),
        Count(sum(map(len, firsts.values())), "사건", "events"),
        Count(
            sum(len(one) > 1 for one in firsts.values()), "둘 이상 이어진 대상", "subjects of several events"
        ),
    ]
    return Finding(
        counts, [problem for subject, one in firsts.items() for problem in _problems(subject, one)]
    )


def _firsts(records: Sequence[Seen]) -> Iterator[Seen]:
    """At least once means that an event may stand there again: only its first time counts."""
    known: set[str] = set()
    for record in records:
        if record.attributes["id"] not in known:
            known.add(record.attributes["id"])
            yield record


def _problems(subject: Subject, records: Sequence[Seen]) -> Iterator[str]:
    topic, source, name = subject
    if len({record.partition for record in records}) > 1:
        yield f"{topic} {name}: 두 파티션에 나뉘어 순서가 없습니다 / on two partitions, so without an order"
    numbers = [_number(record) for record in records]
    if numbers != list(range(1, len(numbers) + 1)):
        yield (f"{source} {name}: 순번이 {_first_wrong(numbers)} / numbers are not 1, 2, 3 … on {topic}")


def _number(record: Seen) -> int:
    given = record.attributes.get("sequence", "")
    return int(given) if given.isdigit() else 0


def _first_wrong(numbers: Sequence[int]) -> str:
    position, found = next((due, one) for due, one in enumerate(numbers, start=1) if due != one)
    return f"{position}이어야 할 곳에서 {found}"


INVARIANT = Invariant(
    "I6",
    "한 대상의 사건은 1, 2, 3 … 순서대로, 빠짐없이 토픽에 있다",
    "order per key: 1, 2, 3 … without a gap",
    check,
)
