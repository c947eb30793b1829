"""Events: the facts that services publish, all that one service may know of another.

Promises to publishers and subscribers:

    event      A fact that has happened, named in the past tense, as a frozen model; its name with its version is its type
               on the wire (`kr.ieum.company.selected.v2`). A change that old readers cannot take gets a new version.
    versions   Each service publishes the newest version alone. Readers know no other: an earlier one, from an older log,
               reaches them as the newest (upcasting).
    facts      Codes, numbers, ids and dates, and what a person or another system has written, as written. A sentence that
               we compose belongs to whoever shows it, in the reader's language.
    publisher  Each type has one source and one topic; the same type from elsewhere is refused.
    subject    The aggregate that the event is about, and its Kafka key: events of one subject arrive in order.
    dates      `occurred_on` is the business date in Seoul; ids, times and causes travel in the envelope (CloudEvents).
    amounts    Whole won.
    privacy    No person's name, address or document: contacts stand nowhere on a topic, evidence is a reference.
    schema     Every event has its JSON Schema in docs/events, which a test compares with these classes.

Not promised: order between subjects, and unknown fields: a reader ignores them.

    definition     a programme's definition and its parts, within programme.published
    applications   of the applications service: programmes, rounds, companies, cases
    funding        of the funding service: budgets, commitments, tranches
    monitoring     of the monitoring service: milestones, mentors, pledges
    notifications  of the notifications service: messages
    external       of other systems: ministry, treasury, registry, legacy system
    texts          the kind of each text: a name, as typed, a reference, a code
    earlier        versions that are published no more
    upcasting      of each such version, the step to the next one
    catalogue      every event; `python -m shared.events.catalogue` writes the schemas
"""

from abc import abstractmethod
from datetime import date
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints


class Event(BaseModel):
    """Base of all events: a fact that has happened, named in the past tense; ids and causes travel in the envelope.

    `occurred_on` is the business date (Asia/Seoul) on which it happened, apart from when it was recorded.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    topic: ClassVar[str]
    source: ClassVar[str]
    occurred_on: date

    @classmethod
    def type(cls) -> str:
        """Return the event's type on the wire."""
        return f"kr.ieum.{cls.name}"

    @property
    @abstractmethod
    def subject(self) -> str:
        """The aggregate, which is also the Kafka key: its events reach a consumer in order."""


class RecordDeadLettered(Event):
    """A record could not be handled and is stored with its original bytes; the event has its position, never its content.

    `reason`: the code of the rule that it breaks.
    """

    name: ClassVar[str] = "record.dead_lettered.v1"
    consumer: str
    topic_name: str
    partition: int
    offset: int
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]

    @property
    def subject(self) -> str:
        return f"{self.topic_name}/{self.partition}/{self.offset}"
