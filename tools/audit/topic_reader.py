"""Every record of every topic, from the first one on, read as plainly as can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.kafka import topics

PARTITIONS = [TopicPartition(topic, n) for topic in topics.TOPICS for n in range(topics.PARTITIONS)]
OUTSIDERS = "ieum.external."
REQUIRED = ("id", "source", "type", "subject")

Place = tuple[str, int, int]


@dataclass(frozen=True)
class Seen:
    """A record as it stands on its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset

    @property
    def at(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    @property
    def words(self) -> str:
        """Where it stands, for a person."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def is_ours(self) -> bool:
        return not self.topic.startswith(OUTSIDERS)

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """CloudEvents attributes, of either mode; none where it is no CloudEvent."""
        try:
            found = dict(self._structured() if self._is_structured else self._binary())
        except (ValueError, TypeError, AttributeError):
            return {}
        whole = self.value is not None and all(isinstance(found.get(name), str) for name in REQUIRED)
        return found if whole else {}

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


async def read_all(bootstrap: str) -> list[Seen]:
    """All records up to where each partition ends now, by topic, partition and offset."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    found: list[Seen] = []
    async with reader:
        reader.assign(PARTITIONS)
        await reader.seek_to_beginning()
        ends = await reader.end_offsets(PARTITIONS)
        while left := [at for at in PARTITIONS if await reader.position(at) < ends[at]]:
            batch = await reader.getmany(*left, timeout_ms=200, max_records=5_000)
            found += [seen(one) for records in batch.values() for one in records]
    return sorted((one for one in found if one.offset < ends[one.at]), key=lambda one: one.place)


def seen(record: Any) -> Seen:
    """The same, without the client's own fields."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Seen(record.topic, record.partition, record.offset, record.key, record.value, headers)
