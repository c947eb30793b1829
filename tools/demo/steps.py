"""What a story is made of: chapters of strands of steps. A strand's steps go in order, strands side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Actor:
    """Who acts: an opaque subject and a role. A company's subject is its id, known from an earlier answer."""

    subject: str
    role: str


@dataclass(frozen=True)
class Call:
    """An HTTP command. Its key becomes the Idempotency-Key, so a second play gets the first play's answer.

    `{name}` in path, body and actor stands for what an earlier answer was kept as: `keep` maps such a name
    to a field of this call's answer. `expect` are fields of the answer that must be so.
    """

    key: str
    service: str
    path: str
    actor: Actor
    body: Body = field(default_factory=dict)
    method: Literal["POST", "PUT"] = "POST"
    keep: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)

    def expecting(self, **fields: Any) -> "Call":
        return replace(self, expect=fields)


@dataclass(frozen=True)
class Publish:
    """An event of another system, put on that system's topic; its key becomes the event's id."""

    key: str
    event: str
    data: Body


@dataclass(frozen=True)
class Await:
    """Ask `path` until `look` finds what later steps need, and keep it.

    `look` names a function of tools/demo/conditions.py; `wanted` is what it looks for.
    """

    key: str
    service: str
    path: str
    actor: Actor
    look: str
    wanted: Body
    why_ko: str
    why_en: str


Step = Call | Publish | Await
Strand = Sequence[Step]


@dataclass(frozen=True)
class Chapter:
    """Its strands are independent of each other; the next chapter begins when all have ended."""

    name_ko: str
    name_en: str
    strands: list[Strand]

    @property
    def steps(self) -> int:
        return sum(map(len, self.strands))
