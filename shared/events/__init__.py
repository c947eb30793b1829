"""The events that services tell each other: all that one service may know of another."""

from abc import abstractmethod
from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A fact that has happened, named in the past tense; ids and causes travel in the envelope.

    `occurred_on` is the business date (Asia/Seoul) on which it happened, apart from when it was recorded.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    topic: ClassVar[str]
    source: ClassVar[str]
    occurred_on: date

    @classmethod
    def type(cls) -> str:
        return f"kr.ieum.{cls.name}"

    @property
    @abstractmethod
    def subject(self) -> str:
        """The aggregate, which is also the Kafka key: what it went through reaches a consumer in order."""


class RecordDeadLettered(Event):
    """A record could not be used and is kept as it came. Where it stands and why, never what it said."""

    name: ClassVar[str] = "record.dead_lettered.v1"
    consumer: str
    topic_name: str
    partition: int
    offset: int
    reason: str

    @property
    def subject(self) -> str:
        return f"{self.topic_name}/{self.partition}/{self.offset}"
