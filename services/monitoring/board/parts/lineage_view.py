"""What the page of a figure's origin shows: the figure, the cases, the events, one event as it came."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.monitoring.board.parts.values import Figure, Text


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """One event and what it adds to the figure (negative: takes away), in the figure's unit."""

    event_id: str
    name: str  # funds.committed
    occurred_on: date
    contribution: int
    company: str | None = None


@dataclass(frozen=True, slots=True)
class LineageCase:
    """One case's part of the figure."""

    case_id: str
    company: str
    events: int
    contribution: int


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as it stands on its topic; the projector's facts do not say where on it."""

    topic: str
    headers: tuple[tuple[str, str], ...]
    payload: str  # pretty-printed JSON
    marked: str | None = None  # the line of the payload that goes into the figure, as a piece of its text


@dataclass(frozen=True, slots=True)
class LineageView:
    """From a number on the board to the events that make it."""

    figure: Figure
    title: Text  # 2022년 시비 약정
    measure: Literal["won", "companies", "times", "percent", "people", "municipalities"]
    rule: Text  # how it is folded, in one sentence
    programme_id: str
    programme_name: Text
    adds: tuple[str, ...]  # event names that add
    subtracts: tuple[str, ...] = ()
    cases: tuple[LineageCase, ...] = ()
    events: tuple[LineageEvent, ...] = ()  # oldest first; may be the first part of many
    events_total: int = 0
    raw: RawEvent | None = None
    selected_event: str | None = None
