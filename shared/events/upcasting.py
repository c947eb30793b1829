"""Upcasters: an event of an earlier version is read as one of the newest, by consumers and projections alike.

An upcaster leads from one version to the next, as a function of the event's JSON; those of several steps are joined. What
an earlier version says only in prose is absent in the newest. Our types alone have upcasters: an outsider's event stays
in the version in which it is published.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic_core import from_json

from shared.events import Event, earlier
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected
from shared.events.notifications import MessageFailed, MessageUnknown

Data = dict[str, Any]


class Upcaster(NamedTuple):
    """Changes the JSON of an event of the class `earlier` into that of the class `newer`."""

    earlier: type[Event]
    newer: type[Event]
    upcast: Callable[[Data], Data]

    def parse(self, data: bytes) -> Event:
        """Validate the event as what it is, and return it as the newer one. Raises ValidationError."""
        self.earlier.model_validate_json(data)
        return self.newer.model_validate_json(orjson.dumps(self.upcast(from_json(data))))


def without_prose(data: Data) -> Data:
    """Leave out the sentence that stood in place of facts."""
    return {name: value for name, value in data.items() if name != "reason"}


UPCASTERS = (
    Upcaster(earlier.CompanySelectedV1, CompanySelected, without_prose),
    Upcaster(earlier.CompanyReservedV1, CompanyReserved, without_prose),
    Upcaster(earlier.CompanyRejectedV1, CompanyRejected, without_prose),
    Upcaster(earlier.MessageFailedV1, MessageFailed, without_prose),
    Upcaster(earlier.MessageUnknownV1, MessageUnknown, without_prose),
)
"""One upcaster for each version that is published no more, to the next version."""


def upcasters_to(event: type[Event], steps: Sequence[Upcaster] = UPCASTERS) -> Iterator[Upcaster]:
    """Yield an upcaster from each earlier version of the event, over however many steps."""
    for step in steps:
        if step.newer is event:
            yield step
            for first in upcasters_to(step.earlier, steps):
                yield joined(first, step)


def joined(first: Upcaster, second: Upcaster) -> Upcaster:
    return Upcaster(first.earlier, second.newer, lambda data: second.upcast(first.upcast(data)))
