"""Per key: numbers without a gap, one partition, and every record byte for byte what its service's log says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.chaos.checker.evidence import Evidence, Logged, Record
from tests.chaos.checker.finding import Finding

Subject = tuple[str, str]


def check(evidence: Evidence) -> Finding:
    subjects: dict[Subject, list[Record]] = defaultdict(list)
    for record in evidence.told:
        if record.is_ours:
            subjects[record.attributes["source"], record.attributes["subject"]].append(record)
    logged = {event.identity: event for event in evidence.logged}
    ours = [
        one for one in evidence.records if one.is_ours and one.attributes and one.place not in evidence.poison
    ]
    violations = [*_out_of_order(subjects), *_other_bytes(ours, logged), *_logs_with_gaps(evidence)]
    return Finding({"subjects": len(subjects), "records compared": len(ours)}, violations)


def _out_of_order(subjects: Mapping[Subject, list[Record]]) -> Iterator[str]:
    for (source, subject), records in subjects.items():
        if len({(one.topic, one.partition) for one in records}) > 1:
            yield f"{source} {subject}: its events stand in more than one partition"
        numbers = [int(one.attributes.get("sequence", "0")) for one in records]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{source} {subject}: its events come as {numbers}"


def _other_bytes(ours: Iterable[Record], logged: Mapping[Subject, Logged]) -> Iterator[str]:
    """An event that no log knows is told by the check of losses."""
    for record in ours:
        event = logged.get(record.identity)
        published = (record.topic, record.key, record.value, dict(record.headers))
        if event is not None and _as_published(event) != published:
            yield f"{record.words} ({event.id}): not byte for byte what the log says"


def _as_published(event: Logged) -> tuple[str, bytes, bytes, dict[str, bytes]]:
    row = event.row
    headers = {f"ce_{name}": value.encode() for name, value in event.attributes.items()}
    headers |= {"ce_sequence": f"{row['sequence']:020}".encode(), "content-type": b"application/json"}
    return row["topic"], row["subject"].encode(), row["data"].encode(), headers


def _logs_with_gaps(evidence: Evidence) -> Iterator[str]:
    """A subject's numbers grow with the positions of the log, one by one."""
    for service, tables in evidence.tables.items():
        last: dict[str, int] = defaultdict(int)
        for row in sorted(tables["event_log"], key=lambda row: row["position"]):
            if row["sequence"] != last[row["subject"]] + 1:
                yield f"{service}'s log: {row['subject']} goes from {last[row['subject']]} to {row['sequence']}"
            last[row["subject"]] = row["sequence"]
