"""Read every record of every topic, from the first one on, in batches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from tools.audit.contract import EXTERNAL_PREFIX, TOPIC_PREFIX

REQUIRED = ("id", "source", "type", "subject")
BATCH = 5_000

Position = tuple[str, int, int]
Partitions = Sequence[TopicPartition]


@dataclass(frozen=True)
class Record:
    """A Kafka record as it is stored."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    @property
    def is_external(self) -> bool:
        """Return whether another system publishes on the topic."""
        return self.topic.startswith(EXTERNAL_PREFIX)

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """CloudEvents attributes of either mode; empty where the record is no CloudEvent."""
        try:
            attributes = dict(self._structured() if self._is_structured else self._binary())
        except (ValueError, TypeError, AttributeError):
            return {}
        is_event = self.value is not None and all(isinstance(attributes.get(name), str) for name in REQUIRED)
        return attributes if is_event else {}

    @cached_property
    def data(self) -> bytes:
        """The event itself, without its envelope."""
        if self._is_structured and self.attributes:
            return orjson.dumps(self._structured().get("data"))
        return self.value or b""

    @property
    def _is_structured(self) -> bool:
        return dict(self.headers).get("content-type", b"").lower().startswith(b"application/cloudevents")

    def _structured(self) -> dict[str, Any]:
        return dict(orjson.loads(self.value or b""))

    def _binary(self) -> dict[str, str]:
        return {name[3:]: text.decode() for name, text in self.headers if name.startswith("ce_")}


async def partitions(admin: Any) -> Partitions:
    """List every partition of every topic of the installation, expected or not."""
    topics = sorted(name for name in await admin.list_topics() if name.startswith(TOPIC_PREFIX))
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in await admin.describe_topics(topics)
        for partition in topic["partitions"]
    ]


async def batches(bootstrap: str, places: Partitions) -> AsyncIterator[Sequence[Record]]:
    """Yield all records up to where each partition ends now; those of a partition in order."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as reader:
        reader.assign(places)
        await reader.seek_to_beginning()
        ends = await reader.end_offsets(places)
        while unread := [at for at in places if await reader.position(at) < ends[at]]:
            batch = await reader.getmany(*unread, timeout_ms=200, max_records=BATCH)
            yield [
                to_record(raw) for at, records in batch.items() for raw in records if raw.offset < ends[at]
            ]


def to_record(raw: Any) -> Record:
    """Convert a client's record to one without the client's own fields."""
    headers = tuple((name, value or b"") for name, value in raw.headers)
    return Record(raw.topic, raw.partition, raw.offset, raw.key, raw.value, headers)
