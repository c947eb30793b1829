"""What is handed to a provider, and what can come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notifications.templates.rendering import Content


@dataclass(frozen=True, slots=True)
class Letter:
    """One message with its address: an e-mail address, or a mobile number as E.164."""

    message_id: UUID
    address: str
    content: Content


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider said yes."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It was handed over and no answer came: it may or may not arrive, so it is not sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing was handed over. `line_down`: nothing else would get through now either."""

    reason: str
    line_down: bool = False


Outcome = Taken | Refused | Unclear | Postponed


class Channel(Protocol):
    """A provider's adapter: it takes up to `batch` letters at once and answers for each of them.

    What takes it longer than a minute counts as unknown until it answers.
    """

    name: str
    batch: int

    async def send(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]: ...

    async def close(self) -> None: ...
