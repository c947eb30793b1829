"""Building blocks of a scenario: phases of parallel lanes of steps. The steps of one lane run in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Actor:
    """Subject and role of a token. A company's subject is its id, a placeholder filled from an earlier response."""

    subject: str
    role: str


@dataclass(frozen=True)
class Call:
    """An HTTP command. Its key becomes the Idempotency-Key, so a second play gets the first play's response.

    `{name}` in path, body and actor is a placeholder for a value captured from an earlier response: `capture`
    maps such a name to a field of this call's response. `expect` are fields that the response must have.
    """

    key: str
    service: str
    path: str
    actor: Actor
    body: Body = field(default_factory=dict)
    method: Literal["POST", "PUT"] = "POST"
    capture: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)

    def expecting(self, **fields: Any) -> "Call":
        return replace(self, expect=fields)


@dataclass(frozen=True)
class Publish:
    """An event of another system, put on that system's topic; its key becomes the event's id.

    `not_before` is the date on which an event of an earlier date is sent.
    """

    key: str
    event: str
    data: Body
    not_before: date | None = None


@dataclass(frozen=True)
class Await:
    """Poll `path` until `condition` holds, and capture the values that later steps need.

    `condition` names a function of tools/demo/conditions.py; `parameters` are its second argument.
    """

    key: str
    service: str
    path: str
    actor: Actor
    condition: str
    parameters: Body
    waiting_for_ko: str
    waiting_for_en: str


Step = Call | Publish | Await
Lane = Sequence[Step]


@dataclass(frozen=True)
class Phase:
    """Lanes that are independent of each other; on each date the next phase begins when all of them have ended."""

    name_ko: str
    name_en: str
    lanes: list[Lane]

    @property
    def steps(self) -> int:
        return sum(map(len, self.lanes))
