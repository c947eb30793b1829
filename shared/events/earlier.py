"""Earlier versions of events: published no more, read through their upcasters (upcasting.py) wherever a log holds them."""

from typing import ClassVar

from shared.events.applications import Rank, Score, Selection, Via
from shared.events.notifications import MessageEvent


class SelectionV1(Selection):
    """Base of the outcomes of a selection, with the reason as a Korean sentence."""

    reason: str


class CompanySelectedV1(SelectionV1):
    """The company was selected and holds an award. Its newest version: company.selected.v2."""

    name: ClassVar[str] = "company.selected.v1"
    via: Via
    rank: Rank | None = None
    score: Score | None = None


class CompanyReservedV1(SelectionV1):
    """The company was put on the waiting list. Its newest version: company.reserved.v2."""

    name: ClassVar[str] = "company.reserved.v1"
    rank: Rank
    score: Score


class CompanyRejectedV1(SelectionV1):
    """The company was not selected. Its newest version: company.rejected.v2."""

    name: ClassVar[str] = "company.rejected.v1"
    rank: Rank | None = None
    score: Score | None = None


class MessageFailedV1(MessageEvent):
    """The message was not sent, or did not arrive; the reason is a Korean sentence. Its newest version: message.failed.v2."""

    name: ClassVar[str] = "message.failed.v1"
    reason: str


class MessageUnknownV1(MessageEvent):
    """The outcome of the message is unknown; the reason is a Korean sentence. Its newest version: message.unknown.v2."""

    name: ClassVar[str] = "message.unknown.v1"
    reason: str
